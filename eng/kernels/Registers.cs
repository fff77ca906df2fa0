namespace CaffeActors.Kernels;

/// <summary>The registers a family of kernels is written for.</summary>
/// <param name="Bits">Of a register: 128, 256 or 512.</param>
/// <param name="OfUnit">Registers that count as one: narrow ones go in pairs, so that panels are wide enough.</param>
internal sealed record Registers(int Bits, int OfUnit)
{
    /// <summary>The class of the operations.</summary>
    public string Vector => $"Vector{Bits}";

    /// <summary>The type of a register.</summary>
    public string Type => $"{Vector}<float>";

    /// <summary>Floats in a register.</summary>
    public int Lanes => Bits / 32;

    /// <summary>Floats in a unit.</summary>
    public int Unit => Lanes * OfUnit;
}
