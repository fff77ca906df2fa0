using Akka.Actor;
using CaffeActors.Actors.Logging;
using CaffeActors.Actors.Messages;

namespace CaffeActors.Actors.Training;

/// <summary>
/// Looks for <see cref="RequestFiles"/> some times a second, on the thread of the files, so that it costs an iteration
/// nothing; tells its parent what they ask for, and takes them away when that is done.
/// </summary>
internal sealed class RequestFilesActor : UntypedActor, IWithTimers
{
    private static readonly TimeSpan _every = TimeSpan.FromMilliseconds(250);

    private readonly List<RequestFile> _files;
    private readonly RunLog _log;

    public RequestFilesActor(string folder, RunLog log)
    {
        _files = [.. RequestFiles.All.Select(file => new RequestFile(Path.Combine(folder, file.Name), file.Request))];
        _log = log;
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string folder, RunLog log) =>
        Akka.Actor.Props.Create(() => new RequestFilesActor(folder, log));

    protected override void PreStart()
    {
        foreach (RequestFile file in _files.Where(file => File.Exists(file.Path)))
        {
            _log.Warn($"'{file.Path}' was there before this start and is taken away; make it again if it is meant.");
            TakeAway(file);
        }

        Timers.StartPeriodicTimer("look", Look.Instance, _every);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Look:
                _files.ForEach(LookFor);
                break;
            case RequestDone done:
                foreach (RequestFile file in _files.Where(file => file.Asked && file.Request == done.Request))
                    TakeAway(file);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // Whatever ended the run, it has stopped.
    protected override void PostStop()
    {
        foreach (RequestFile file in _files.Where(file => file.Asked && !file.Stays))
            TakeAway(file);
    }

    private void LookFor(RequestFile file)
    {
        bool there = File.Exists(file.Path);
        if (there && !file.Asked)
        {
            file.Asked = true;
            _log.Info($"{Path.GetFileName(file.Path)} is there: a snapshot is written"
                + (file.Request == RunRequest.Snapshot ? "." : " and the run stops."));
            Context.Parent.Tell(file.Request);
        }
        else if (!there && file.Stays)
        {
            (file.Asked, file.Stays) = (false, false);
        }
    }

    private void TakeAway(RequestFile file)
    {
        try
        {
            File.Delete(file.Path);
            file.Asked = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It is not obeyed a second time.
            (file.Asked, file.Stays) = (true, true);
            _log.Warn($"'{file.Path}' cannot be taken away ({failure.Message}); it counts again when it was away.");
        }
    }

    private sealed class RequestFile(string path, RunRequest request)
    {
        public string Path => path;

        public RunRequest Request => request;

        // Its request was passed on.
        public bool Asked { get; set; }

        // Its request is done, but it could not be taken away.
        public bool Stays { get; set; }
    }

    private sealed class Look
    {
        public static readonly Look Instance = new();
    }
}
