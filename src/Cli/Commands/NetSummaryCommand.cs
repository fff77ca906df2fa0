using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using CaffeActors.Api;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Nets.Memory;
using CaffeActors.Compute.Nets.Passes;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Cli.Commands;

/// <summary>Shows a net as a table: shapes, parameters, memory, operations.</summary>
[Verb("net summary", "Show a net's layers, shapes, parameters, memory and operations.",
    "caffeactors net summary configs/nets/lenet.prototxt")]
internal sealed class NetSummaryCommand : VerbCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The net (prototxt)." };

    private readonly Option<Phase> _phase = new("--phase")
    {
        Description = "TRAIN or TEST.",
        DefaultValueFactory = static _ => Phase.Train,
    };

    private readonly Option<string[]> _shapes = InputShapeOption.Make();

    private readonly Option<string> _device =
        DeviceOptions.Device("Show where each layer would run on this device: cpu or gpu:N.");
    private readonly Option<string[]> _layers = LayersOption.Make();
    private readonly Option<bool> _passes = new("--passes")
    {
        Description = "Show what graph passes change, and save; of phase TEST as of a net that only runs forward.",
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON." };

    public override void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_phase);
        command.Options.Add(_shapes);
        command.Options.Add(_device);
        command.Options.Add(_passes);
        command.Options.Add(_json);
        command.Options.Add(_layers);
    }

    public override Task<int> RunAsync(ParseResult arguments, Terminal terminal)
    {
        Phase phase = arguments.GetValue(_phase);
        bool withPasses = arguments.GetValue(_passes);
        using CaffeNet session = CaffeNet.Open(
            arguments.GetValue(_file)!, phase, new CaffeNetOptions
            {
                Use = withPasses && phase == Phase.Test ? new NetUse(Backward: false) : null,
                Device = DeviceOptions.Of(arguments, _device),
                WithoutData = true,
                LayerAssemblies = LayersOption.Of(arguments, _layers),
                InputShapes = InputShapeOption.Of(arguments, _shapes),
                Notice = terminal.Error.WriteLine,
                TellBuild = false,
            });
        var summary = new NetSummary(session.Net, prefetchBatches: 4);
        if (arguments.GetValue(_json))
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(Json(session.Net, summary, withPasses), JsonOptions));
        }
        else
        {
            NetTable.Print(session.Net, summary, terminal,
                withPlaces: arguments.GetResult(_device) is { Implicit: false });
            if (withPasses)
                PassTable.Print(session.Net.PassEffects, terminal);
        }

        return Task.FromResult(ExitCodes.Done);
    }

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static object Json(Net net, NetSummary summary, bool withPasses) => new
    {
        name = net.Name,
        phase = net.Phase.ToString().ToUpperInvariant(),
        layers = summary.Rows.Select((row, rank) => new
        {
            name = row.Name,
            type = row.Type,
            bottoms = row.Bottoms,
            tops = row.Tops.Select(top => new { name = top.Name, shape = top.Shape }),
            parameters = row.Parameters,
            activation_bytes = row.ActivationBytes,
            forward_flops = row.ForwardFlops,
            backward = row.NeedBackward,
            device = net.Layers[rank].Place,
        }),
        parameters = summary.Parameters,
        activation_bytes = summary.ActivationBytes,
        gradient_bytes = summary.GradientBytes,
        prefetch_bytes = summary.PrefetchBytes,
        forward_flops = summary.ForwardFlops,
        inference_bytes = summary.InferenceBytes,
        training_bytes = summary.TrainingBytes(),
        shared = new
        {
            forward_bytes = summary.ForwardPlan.Bytes,
            forward_bytes_unshared = summary.ForwardPlan.UnplannedBytes,
            training_bytes = summary.TrainingPlan.Bytes,
            training_bytes_unshared = summary.TrainingPlan.UnplannedBytes,
        },
        passes = withPasses ? net.PassEffects.Select(effect => new
        {
            pass = PassNames.Of(effect.Pass),
            layer = effect.Layer,
            absorbed = effect.Absorbed,
            forward_bytes_saved = effect.ForwardBytes,
            backward_bytes_saved = effect.BackwardBytes,
            kept_bytes = effect.KeptBytes,
        }) : null,
    };
}
