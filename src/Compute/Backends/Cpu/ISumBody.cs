namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>A sum over a range of elements. See <see cref="BlockSum"/>.</summary>
public interface ISumBody
{
    /// <summary>The sum over the elements [<paramref name="from"/>, <paramref name="to"/>).</summary>
    double Invoke(int from, int to);
}
