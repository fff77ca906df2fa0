namespace CaffeActors.Data.Layers;

/// <summary>
/// Makes the values of one item of a batch after the other, with buffers of its own: each thread that loads has one.
/// Not thread-safe.
/// </summary>
internal abstract unsafe class ItemLoader
{
    /// <summary>The label of the open item.</summary>
    public float Label { get; protected set; }

    /// <summary>The shape of the open item's label; null where it is one number.</summary>
    public virtual (int Channels, int Height, int Width)? LabelShape => null;

    /// <summary>Reads an item up to its transformation.</summary>
    /// <param name="item">Its place in the batch.</param>
    /// <param name="record">Its number, counted over all epochs: its random decisions follow from it.</param>
    /// <returns>The shape of its values.</returns>
    /// <exception cref="Compute.Diagnostics.CaffeException">It is missing, damaged or does not fit.</exception>
    public abstract (int Channels, int Height, int Width) Open(int item, long record);

    /// <summary>Writes the values of the open item.</summary>
    /// <param name="target">Room for its shape.</param>
    public abstract void Transform(float* target);

    /// <summary>Writes the label of the open item.</summary>
    /// <param name="target">Room for its shape.</param>
    public virtual void WriteLabel(float* target) => *target = Label;
}
