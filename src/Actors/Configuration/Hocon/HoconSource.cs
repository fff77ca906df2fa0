using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Actors.Configuration.Hocon;

/// <summary>Where text came from.</summary>
/// <param name="Name">The file as the user named it, or a name such as <c>--set</c>.</param>
/// <param name="HasPositions">Whether line and column mean something to the user.</param>
internal readonly record struct HoconSource(string Name, bool HasPositions = true)
{
    public SourcePlace Place(int line, int column) =>
        HasPositions ? new SourcePlace(Name, line, column) : new SourcePlace(Name);
}
