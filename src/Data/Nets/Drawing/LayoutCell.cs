namespace CaffeActors.Data.Nets.Drawing;

/// <summary>What takes a place in a rank: a box, or the bend of an arrow that passes.</summary>
/// <param name="box">The box's number, or <see cref="Bend"/>.</param>
/// <param name="rank">Its rank.</param>
/// <param name="breadth">Its extent across.</param>
internal sealed class LayoutCell(int box, int rank, double breadth)
{
    /// <summary>The number of what is no box.</summary>
    public const int Bend = -1;

    // An arrow is straight within its way, and meets its boxes where they are.
    private const double BendToBend = 8, BendToBox = 2, BoxToBox = 1;

    /// <summary>The box's number.</summary>
    public int Box => box;

    /// <summary>The rank, from 0.</summary>
    public int Rank => rank;

    /// <summary>Its extent across.</summary>
    public double Breadth => breadth;

    /// <summary>Its position in the rank, from 0.</summary>
    public int Order { get; set; }

    /// <summary>Where its middle is across.</summary>
    public double At { get; set; }

    /// <summary>What it is connected with in the rank before.</summary>
    public List<LayoutCell> Before { get; } = [];

    /// <summary>What it is connected with in the rank after.</summary>
    public List<LayoutCell> After { get; } = [];

    /// <summary>What stands in one line with it behind it: a bend's next bend; of a box the only box it leads to, where
    /// that has no other; else null.</summary>
    public LayoutCell? Heir
    {
        get
        {
            if (Box == Bend)
                return After[0].Box == Bend ? After[0] : null;
            LayoutCell[] boxes = [.. After.Where(cell => cell.Box != Bend)];
            return boxes is [var only] && only.Before.Count(cell => cell.Box != Bend) == 1 ? only : null;
        }
    }

    /// <summary>Connects it with one of the rank after.</summary>
    public void Link(LayoutCell next)
    {
        After.Add(next);
        next.Before.Add(this);
    }

    /// <summary>Where it would stand if it were alone: in the middle of what it is connected with.</summary>
    /// <param name="before">Whether those of the rank before count.</param>
    /// <param name="after">Whether those of the rank after count.</param>
    public double Wanted(bool before, bool after)
    {
        double sum = 0, weights = 0;
        foreach (LayoutCell other in (before ? Before : []).Concat(after ? After : []))
        {
            double weight = (Box, other.Box) switch
            {
                (Bend, Bend) => BendToBend,
                (Bend, _) or (_, Bend) => BendToBox,
                _ => BoxToBox,
            };
            (sum, weights) = (sum + (weight * other.At), weights + weight);
        }

        return weights > 0 ? sum / weights : At;
    }
}
