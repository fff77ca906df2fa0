namespace CaffeActors.Data.Nets.Drawing;

/// <summary>A layer as a picture shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Words">Its main settings in short, such as <c>20, 5×5</c>; may be empty.</param>
/// <param name="Kind">What kind of layer it is.</param>
public sealed record PictureLayer(string Name, string Type, string Words, LayerKind Kind);
