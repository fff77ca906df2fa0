using System.Runtime.InteropServices;
using CaffeActors.Actors.Messages;
using CaffeActors.Actors.Training;

namespace CaffeActors.Cli;

/// <summary>
/// Signals to a run, with Caffe's effects: SIGINT and SIGHUP do what the command line says, SIGTERM stops with a
/// snapshot, a second SIGINT ends the process at once.
/// </summary>
internal sealed class RunSignals : IDisposable
{
    private readonly ITrainingHost _host;
    private readonly RunRequest? _sigint;
    private readonly RunRequest? _sighup;
    private readonly Terminal _terminal;
    private readonly PosixSignalRegistration[] _registrations;
    private int _interrupts;

    /// <summary>Listens from now on.</summary>
    public RunSignals(ITrainingHost host, RunRequest? sigint, RunRequest? sighup, Terminal terminal)
    {
        _host = host;
        _sigint = sigint;
        _sighup = sighup;
        _terminal = terminal;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        switch (context.Signal)
        {
            case PosixSignal.SIGINT when Interlocked.Increment(ref _interrupts) > 1:
                TellOfTheEnd();
                EndNow();
                break;
            case PosixSignal.SIGINT:
                Request(_sigint);
                break;
            case PosixSignal.SIGHUP:
                Request(_sighup);
                break;
            default:
                _host.Request(RunRequest.StopWithSnapshot);
                break;
        }
    }

    // A console that blocks or is gone does not hold the end up.
    private void TellOfTheEnd() => Task.Run(() =>
    {
        _terminal.Error.WriteLine("Interrupted again: ending at once; the last snapshot stands.");
        _terminal.Error.Flush();
    }).ContinueWith(static _ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(1));

    private void Request(RunRequest? request)
    {
        if (request is { } wanted)
            _host.Request(wanted);
    }

#pragma warning disable RS0030 // The one place where the process is ended from inside: its user asked twice.
    private static void EndNow() => Environment.Exit(ExitCodes.SecondInterrupt);
#pragma warning restore RS0030
}
