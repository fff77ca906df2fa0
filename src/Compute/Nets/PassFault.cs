namespace CaffeActors.Compute.Nets;

/// <summary>The first value of a pass that is NaN or infinite.</summary>
/// <param name="Where">Where it is, in words: <c>top 'ip' of layer 'ip'</c>.</param>
/// <param name="IsBackward">Whether it is a gradient.</param>
public sealed record PassFault(string Where, bool IsBackward);
