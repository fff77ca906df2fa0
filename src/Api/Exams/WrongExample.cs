namespace CaffeActors.Api.Exams;

/// <summary>An image that a net took for another class.</summary>
/// <param name="Record">What its source calls it: its key, or its number from 0.</param>
/// <param name="Label">The class it is of.</param>
/// <param name="Guess">The class it was taken for.</param>
/// <param name="Score">How sure the net was of that, 0 to 1.</param>
/// <param name="Png">The image as the net saw it, its values spread from black to white (PNG); empty where the net's
/// data are no image of one or three channels.</param>
public sealed record WrongExample(string Record, int Label, int Guess, double Score, byte[] Png);
