using Akka.Actor;
using CaffeActors.Actors.Devices;
using CaffeActors.Actors.Messages;
using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Nets;

namespace CaffeActors.Actors.Training;

/// <summary>A test net and how many batches one test runs.</summary>
/// <param name="Net">The net, in phase TEST.</param>
/// <param name="Iterations">Its <c>test_iter</c>.</param>
internal sealed record TestNet(Net Net, int Iterations)
{
    /// <summary>Its layers' passes, and the time they take.</summary>
    public LayerTimes Times { get; } = new(Net);
}

/// <summary>Runs test nets with the weights of the train net. Once a stop is asked for it tests no more.</summary>
internal sealed class EvaluatorActor : UntypedActor
{
    private readonly IReadOnlyList<TestNet> _tests;
    private readonly Net _train;
    private readonly NetDevices _devices;
    private readonly IActorRef[] _nets;
    private IActorRef _asker = ActorRefs.Nobody;
    private int _test;
    private int _pass;
    private int _iteration;
    private double _loss;
    private double[] _sums = [];
    private bool _stopping;

    public EvaluatorActor(IReadOnlyList<TestNet> tests, Net train, NetDevices devices)
    {
        _tests = tests;
        _train = train;
        _devices = devices;
        _nets = new IActorRef[tests.Count];
    }

    public static Props Props(IReadOnlyList<TestNet> tests, Net train, NetDevices devices) =>
        Akka.Actor.Props.Create(() => new EvaluatorActor(tests, train, devices));

    protected override SupervisorStrategy SupervisorStrategy() => Supervision.Escalate;

    protected override void PreStart()
    {
        for (int i = 0; i < _nets.Length; i++)
        {
            _nets[i] = Context.ActorOf(
                NetActor.Props(_tests[i].Net, _tests[i].Times, _devices, ActorRefs.Nobody)
                    .WithDispatcher(Context.Props.Dispatcher),
                ActorNames.Of("test", i));
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunTest run:
                _asker = Sender;
                _iteration = run.Iteration;
                BeginTest(run.Net);
                break;
            case PassDone done:
                OnPassDone(done.Loss);
                break;
            case RunRequest.Stop or RunRequest.StopWithSnapshot:
                _stopping = true;
                break;
            case Failed failed:
                _asker.Tell(new Failed(RunFailures.WithRecord(failed.Failure, _tests[_test].Net, _iteration)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void BeginTest(int test)
    {
        _test = test;
        _tests[test].Net.ShareTrainedLayersWith(_train);
        _pass = 0;
        _loss = 0;
        _sums = [];
        RunPass();
    }

    private void RunPass()
    {
        if (_stopping)
            _asker.Tell(TestInterrupted.Instance);
        else
            _nets[_test].Tell(Messages.RunPass.ForwardOnly);
    }

    private void OnPassDone(float loss)
    {
        TestNet test = _tests[_test];
        _loss += loss;
        AddOutputs(test.Net);
        if (++_pass < test.Iterations)
            RunPass();
        else
            _asker.Tell(new TestDone(_test, (float)(_loss / _pass), NetOutputs.Of(test.Net, _sums, _pass)));
    }

    private void AddOutputs(Net net)
    {
        if (_sums.Length == 0)
            _sums = new double[net.OutputNames.Sum(name => net.Blob(name).Count)];
        int k = 0;
        foreach (string name in net.OutputNames)
        {
            foreach (float value in net.Blob(name).Data)
                _sums[k++] += value;
        }
    }
}
