namespace CaffeActors.Compute.Backends.Gpu.Kernels;

/// <summary>
/// How the values of an array (outer, classes, inner) lie, for kernels: position p is item p / inner, place p % inner.
/// </summary>
/// <param name="classes">Length of the middle axis.</param>
/// <param name="inner">Positions of an item.</param>
internal readonly struct ClassAxis(int classes, int inner)
{
    // A thread by itself goes through that many values as fast as a group does.
    private const int FewClasses = 32;

    /// <summary>Length of the middle axis.</summary>
    public int Classes => classes;

    /// <summary>Positions of an item.</summary>
    public int Inner => inner;

    /// <summary>Whether a group of threads goes through a position's values, not one thread: that one's neighbours
    /// would read from afar.</summary>
    public bool ByGroups => classes > Math.Max(inner, FewClasses);

    /// <summary>Where the value of a position's class is.</summary>
    public int IndexOf(int position, int @class) => ((((position / inner) * classes) + @class) * inner)
        + (position % inner);

    /// <summary>The position of an element.</summary>
    public int PositionOf(int element) => (element / (classes * inner) * inner) + (element % inner);

    /// <summary>The class of an element.</summary>
    public int ClassOf(int element) => element / inner % classes;
}
