using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using Google.Protobuf;

namespace CaffeActors.Compute.Tests.Prototxt;

/// <summary>The texts in the folder Corpus: nets (<c>net-*</c>) and solvers (<c>solver-*</c>).</summary>
internal static class Corpus
{
    public static readonly string[] Names =
    [
        .. typeof(Corpus).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("corpus/", StringComparison.Ordinal))
            .Select(name => name["corpus/".Length..])
            .Order(StringComparer.Ordinal),
    ];

    public static TheoryData<string> Theory => [.. Names];

    public static string Text(string name)
    {
        using Stream stream = typeof(Corpus).Assembly.GetManifestResourceStream($"corpus/{name}")
            ?? throw new ArgumentException($"There is no {name} in the corpus.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public static NetParameter Net(string name) => TextFormat.Parse<NetParameter>(Text(name), name);

    public static string MessageName(string name) =>
        name.StartsWith("net-", StringComparison.Ordinal) ? nameof(NetParameter) : nameof(SolverParameter);

    public static IMessage Parse(string text, string messageName, string path = "") =>
        messageName == nameof(NetParameter)
            ? TextFormat.Parse<NetParameter>(text, path)
            : TextFormat.Parse<SolverParameter>(text, path);
}
