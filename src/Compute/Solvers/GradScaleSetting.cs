using System.Globalization;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Solvers;

/// <summary>What a run asks of <see cref="GradScale"/> where its net does not say.</summary>
/// <param name="Factor">The factor; null for the standard one.</param>
/// <param name="IsAdaptive">Whether it follows the gradients.</param>
public readonly record struct GradScaleSetting(float? Factor, bool IsAdaptive)
{
    /// <summary>Reads a setting: a number above 0, or <c>adaptive</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="key">The key, for the error.</param>
    /// <exception cref="CaffeException">It is neither.</exception>
    public static GradScaleSetting Parse(string text, string key)
    {
        if (text == "adaptive")
            return new GradScaleSetting(null, true);
        return float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float factor)
            && factor > 0 && float.IsFinite(factor)
            ? new GradScaleSetting(factor, false)
            : throw new CaffeException(ErrorCodes.BadSetting, FailureKind.Configuration,
                $"{key} must be a number above 0, or adaptive, not '{text}'");
    }
}
