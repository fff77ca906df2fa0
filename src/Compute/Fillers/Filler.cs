using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Fillers;

/// <summary>Registers a filler under the name <c>filler { type: ... }</c> uses.</summary>
/// <param name="name">The name.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class FillerAttribute(string name) : Attribute, ICatalogKey
{
    /// <inheritdoc/>
    public string Name => name;
}

/// <summary>Gives a blob its first values.</summary>
/// <param name="parameter">The filler's message.</param>
public abstract class Filler(FillerParameter parameter)
{
    private static readonly Catalog<Filler, FillerAttribute, FillerParameter> _catalog = new(typeof(Filler).Assembly);

    /// <summary>The known fillers, sorted.</summary>
    public static IReadOnlyCollection<string> Names => _catalog.Names;

    /// <summary>The filler's message.</summary>
    protected FillerParameter Parameter => parameter;

    /// <summary>Whether <c>sparse</c> means something to it.</summary>
    protected virtual bool AllowsSparse => false;

    /// <summary>Makes the filler a message names.</summary>
    /// <exception cref="CaffeException">No filler has the name, or it does not take <c>sparse</c>.</exception>
    public static Filler Create(FillerParameter parameter)
    {
        Filler filler = _catalog.Create(parameter.Type, parameter)
            ?? throw Fail(parameter, $"there is no filler '{parameter.Type}'{Suggestion(parameter.Type)} "
                + $"(known: {string.Join(", ", Names)})");
        if (parameter.Sparse != -1 && !filler.AllowsSparse)
            throw Fail(parameter, $"filler '{parameter.Type}' takes no 'sparse'; only gaussian does");
        return filler;
    }

    /// <summary>Fills a blob's data.</summary>
    /// <param name="blob">The blob; it must have elements.</param>
    /// <param name="draw">Where random numbers come from: one for each element's position.</param>
    /// <exception cref="CaffeException">The blob is empty or its shape does not suit the filler.</exception>
    public void Fill(Blob blob, RandomDraw draw)
    {
        Check(blob);
        FillData(blob, draw);
    }

    /// <summary>The same, once the blob's data are asked for: what is never read, or given other memory before, takes
    /// neither time nor memory.</summary>
    /// <param name="blob">The blob, whose data were not asked for yet.</param>
    /// <param name="draw">Where random numbers come from.</param>
    /// <exception cref="CaffeException">The blob is empty or its shape does not suit the filler.</exception>
    public void FillWhenUsed(Blob blob, RandomDraw draw)
    {
        Check(blob);
        blob.FillWhenUsed(target => FillData(target, draw));
    }

    /// <summary>Refuses a blob or parameters that do not suit the filler. Default: all suit.</summary>
    protected virtual void RequireSuitable(Blob blob)
    {
    }

    private void Check(Blob blob)
    {
        if (blob.Count == 0)
            throw Fail(parameter, $"filler '{parameter.Type}' got a blob without elements (shape {blob.ShapeString})");
        RequireSuitable(blob);
    }

    /// <summary>Fills the data of a blob that has elements.</summary>
    protected abstract void FillData(Blob blob, RandomDraw draw);

    /// <summary>
    /// The n of xavier and msra: FAN_IN count / shape(0), FAN_OUT count / shape(1) (count for one axis), AVERAGE their
    /// mean. By shape alone, so for Deconvolution, Embed and a transposed InnerProduct "in" is the output's side.
    /// </summary>
    protected float Fan(Blob blob)
    {
        float fanIn = blob.Count / (float)(blob.AxisCount > 0 ? blob.Dim(0) : 1);
        float fanOut = blob.Count / (float)(blob.AxisCount > 1 ? blob.Dim(1) : 1);
        return parameter.VarianceNorm switch
        {
            FillerParameter.Types.VarianceNorm.FanOut => fanOut,
            FillerParameter.Types.VarianceNorm.Average => (fanIn + fanOut) / 2,
            _ => fanIn,
        };
    }

    /// <summary>A failure of this filler.</summary>
    protected CaffeException Fail(string message) => Fail(parameter, message);

    private static string Suggestion(string type) =>
        Nearest.Of(type, Names) is { } near ? $"; did you mean '{near}'?" : "";

    private static CaffeException Fail(FillerParameter parameter, string message) =>
        new(ErrorCodes.BadLayerParameter, FailureKind.Configuration, message, SourcePlaces.Of(parameter));
}
