using System.Globalization;

namespace CaffeActors.Benchmarks.Comparison;

/// <summary>What <c>compare</c> is told.</summary>
internal sealed class CompareOptions
{
    /// <summary>Reads the words after the verb.</summary>
    /// <exception cref="ArgumentException">A word is unknown or its value missing.</exception>
    public CompareOptions(string[] words)
    {
        for (int i = 0; i < words.Length; i += 2)
        {
            string value = i + 1 < words.Length ? words[i + 1]
                : throw new ArgumentException($"{words[i]} needs a value");
            switch (words[i])
            {
                case "--peer":
                    Peer = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    break;
                case "--threads":
                    Threads = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--rounds":
                    Rounds = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--only":
                    Only = value;
                    break;
                case "--output":
                    Output = value;
                    break;
                default:
                    throw new ArgumentException(
                        $"'{words[i]}' is unknown; there are --peer, --threads, --rounds, --only, --output");
            }
        }
    }

    /// <summary>The peer's command; null, the default: none.</summary>
    public IReadOnlyList<string>? Peer { get; }

    /// <summary>Threads of all; default one for each core.</summary>
    public int Threads { get; } = Environment.ProcessorCount;

    /// <summary>Rounds of each case. Default 5.</summary>
    public int Rounds { get; } = 5;

    /// <summary>How the titles of the cases to run begin, with * for anything; default all.</summary>
    public string Only { get; } = "";

    /// <summary>Where the tables go; default only to the standard output.</summary>
    public string? Output { get; }
}
