namespace CaffeActors.Actors.Messages;

/// <summary>One element of a net's output.</summary>
/// <param name="Name">The output blob.</param>
/// <param name="Element">Its number within the blob.</param>
/// <param name="Value">Its value.</param>
/// <param name="LossWeight">Its weight in the loss, 0 where it is none.</param>
public readonly record struct OutputValue(string Name, int Element, double Value, float LossWeight);
