namespace CaffeActors.Api.Exams;

/// <summary>How often images of each class were taken for each class.</summary>
/// <param name="classes">Number of classes, at least 1.</param>
public sealed class ConfusionMatrix(int classes)
{
    private readonly long[] _counts = new long[(long)classes * classes];

    /// <summary>Number of classes.</summary>
    public int Classes => classes;

    /// <summary>Images counted.</summary>
    public long Total { get; private set; }

    /// <summary>Images of a class that were taken for a class.</summary>
    /// <param name="label">The class they are of, 0 to <see cref="Classes"/> - 1.</param>
    /// <param name="guess">The class they were taken for, likewise.</param>
    public long this[int label, int guess] => _counts[((long)label * classes) + guess];

    /// <summary>The share of images that were taken for what they are, 0 to 1; NaN where there is none.</summary>
    public double Accuracy =>
        Total == 0 ? double.NaN : Enumerable.Range(0, classes).Sum(c => this[c, c]) / (double)Total;

    /// <summary>Images of a class.</summary>
    public long OfClass(int label) => Enumerable.Range(0, classes).Sum(guess => this[label, guess]);

    /// <summary>Counts an image.</summary>
    /// <param name="label">The class it is of.</param>
    /// <param name="guess">The class it was taken for.</param>
    public void Add(int label, int guess)
    {
        _counts[((long)label * classes) + guess]++;
        Total++;
    }

    /// <summary>The mistakes made most often: label, guess and how often, falling.</summary>
    /// <param name="most">How many at most.</param>
    public IReadOnlyList<(int Label, int Guess, long Count)> CommonMistakes(int most) =>
    [
        .. (from label in Enumerable.Range(0, classes)
            from guess in Enumerable.Range(0, classes)
            where label != guess && this[label, guess] > 0
            orderby this[label, guess] descending, label, guess
            select (label, guess, this[label, guess])).Take(most),
    ];
}
