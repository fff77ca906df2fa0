namespace CaffeActors.Compute.Backends.Cpu;

/// <summary>
/// Who uses which buffer of a <see cref="Workspace"/>. A kernel that calls another one must not hold that one's
/// buffers; layers take <see cref="Layer"/> and what lies above.
/// </summary>
public static class WorkspaceSlots
{
    /// <summary>Of a worker: packed rows of a product's left matrix, transformed tiles. Shared: packed or transformed
    /// weights of a convolution.</summary>
    public const int Left = 0;

    /// <summary>Of a worker: packed columns of a product's right matrix, products of tiles. Shared: partial weight
    /// gradients.</summary>
    public const int Right = 1;

    /// <summary>Of a worker: a padded image.</summary>
    public const int Image = 2;

    /// <summary>The first that no kernel uses: free to layers.</summary>
    public const int Layer = 3;
}
