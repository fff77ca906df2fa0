using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Backends.Cpu.Blas;

/// <summary>
/// What computes large matrix products on the CPU, as users name it: <c>managed</c>, the engine's own kernels;
/// <c>openblas</c> or <c>mkl</c>, a library of that name; the path of a library with a CBLAS interface; or <c>auto</c>,
/// the fastest of the first three.
/// </summary>
public static class BlasChoice
{
    /// <summary>The engine's own kernels.</summary>
    public const string Managed = "managed";

    /// <summary>The fastest, by a short measurement.</summary>
    public const string Auto = "auto";

    /// <summary>OpenBLAS.</summary>
    public const string OpenBlas = "openblas";

    /// <summary>Intel's Math Kernel Library.</summary>
    public const string Mkl = "mkl";

    private static readonly Lazy<string> Fastest = new(static () => BlasCalibration.Fastest(Installed));

    /// <summary>The libraries, of those with names, that this machine has.</summary>
    public static IReadOnlyList<BlasLibrary> Installed =>
        [.. ((string[])[OpenBlas, Mkl]).Select(BlasLibrary.Find).OfType<BlasLibrary>()];

    /// <summary>What <see cref="TryParse"/> takes, for messages.</summary>
    public static string Expected => $"{Auto}, {Managed}, {Mkl}, {OpenBlas} or the path of a library";

    /// <summary>Reads a choice; nothing is loaded.</summary>
    /// <param name="choice">What the user wrote.</param>
    /// <returns>The choice; null where it is neither a name nor a path.</returns>
    public static string? TryParse(string choice) =>
        choice is Managed or Auto or OpenBlas or Mkl || choice.AsSpan().ContainsAny('/', '\\', '.') ? choice : null;

    /// <summary>
    /// Turns <see cref="Auto"/> into a name. It depends on a measurement, made once in a process, so whoever must get
    /// the same bits again keeps what it was and gives it as <paramref name="kept"/>.
    /// </summary>
    /// <param name="choice">A choice; all but auto are themselves.</param>
    /// <param name="kept">What auto was before; null where it was nothing yet.</param>
    public static string Settle(string choice, string? kept) => choice == Auto ? kept ?? Fastest.Value : choice;

    /// <summary>The library of a settled choice, loaded.</summary>
    /// <param name="choice">A choice other than auto.</param>
    /// <returns>Null for the engine's own kernels.</returns>
    /// <exception cref="CaffeException">The library cannot be loaded or used.</exception>
    public static BlasLibrary? Open(string choice) => choice == Managed ? null : BlasLibrary.Open(choice);
}
