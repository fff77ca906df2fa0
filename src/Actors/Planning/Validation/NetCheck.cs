using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;

namespace CaffeActors.Actors.Planning.Validation;

/// <summary>Looks at one net in its state: whether it can be built, and what its data say.</summary>
/// <param name="options">What it is built with.</param>
/// <param name="shapes">Shapes of data tops, where data are not there.</param>
/// <param name="findings">Hears what is wrong.</param>
internal sealed class NetCheck(
    NetOptions options, IReadOnlyDictionary<string, int[]> shapes, Findings findings)
{
    // Misread fields of a layer make it look wrong in these ways too.
    private static readonly string[] ConsequenceCodes =
        [ErrorCodes.BadLayerParameter, ErrorCodes.ShapeMismatch, ErrorCodes.BlobCount];

    /// <summary>Places of layers that have fields that could not be read.</summary>
    public IReadOnlyList<SourcePlace> Misread { get; init; } = [];

    /// <summary>Looks at a net.</summary>
    /// <param name="net">The net, its state set.</param>
    /// <returns>The net as it can be built: with inputs in the place of data that are not there. Null where it
    /// cannot.</returns>
    public NetParameter? Buildable(NetParameter net)
    {
        IReadOnlyList<CaffeException> problems = NetBuilder.Problems(net, options);
        CaffeException[] withoutData = [.. problems.Where(problem => problem.Kind == FailureKind.Data)];
        if (withoutData.Length == 0)
            return Tell(net, problems) ? net : null;
        foreach (CaffeException problem in withoutData)
            findings.Warn(problem);
        NetParameter still = net.CloneWithPlaces();
        try
        {
            DataPlaceholders.Replace(still, shapes, line => findings.Warn(ErrorCodes.DoubtfulNet, line, null));
        }
        catch (CaffeException unknown)
        {
            findings.Warn(unknown.Code, $"{unknown.Message}; until then the shapes of this net are not looked at",
                unknown.Place);
            Tell(net, [.. problems.Except(withoutData)]);
            return null;
        }

        return Tell(still, NetBuilder.Problems(still, options)) ? still : null;
    }

    private bool Tell(NetParameter net, IReadOnlyList<CaffeException> problems)
    {
        foreach (CaffeException problem in problems)
        {
            if (!IsConsequence(net, problem))
                findings.Add(problem);
        }

        return problems.Count == 0;
    }

    private bool IsConsequence(NetParameter net, CaffeException problem) =>
        problem.Place is { } place && ConsequenceCodes.Contains(problem.Code) && LayerAt(net, place) is { } layer
        && Misread.Contains(layer);

    // Where the layer begins that a place lies in: the last one that begins before it.
    private static SourcePlace? LayerAt(NetParameter net, SourcePlace place) => net.Layer.Select(SourcePlaces.Of)
        .LastOrDefault(start => start is { } known && known.Path == place.Path
            && (known.Line, known.Column).CompareTo((place.Line, place.Column)) <= 0);
}
