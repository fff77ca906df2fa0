using System.Reflection;

namespace CaffeActors.Architecture.Tests;

/// <summary>Who may know whom: Cli → Api → Actors → Data → Compute; only Actors knows Akka.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData(
        "CaffeActors.Compute",
        "CaffeActors.Data", "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors", "Akka", "NLog")]
    [InlineData("CaffeActors.Data", "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors", "Akka")]
    [InlineData("CaffeActors.Actors", "CaffeActors.Api", "CaffeActors")]
    [InlineData("CaffeActors.Api", "CaffeActors", "Akka")]
    [InlineData("CaffeActors", "Akka")]
    [InlineData("CaffeActors.MSBuild", "CaffeActors.Compute", "CaffeActors.Data", "CaffeActors.Actors",
        "CaffeActors.Api", "CaffeActors")]
    public void Assembly_KnowsOnlyWhatLiesBelow(string name, params string[] forbidden)
    {
        string[] known = [.. Assembly.Load(name).GetReferencedAssemblies().Select(reference => reference.Name!)];
        Repository.AssertNone($"{name} must not know these:",
            known.Where(reference => forbidden.Any(other => IsOrBelongsTo(reference, other))));
    }

    [Fact]
    public void Assemblies_AreTheOnesOfTheRule() =>
        // A new project needs a place in the rule above.
        Assert.Equal(
            ["src/Actors/CaffeActors.Actors.csproj", "src/Api/CaffeActors.Api.csproj",
                "src/Compute/CaffeActors.Compute.csproj", "src/Data/CaffeActors.Data.csproj",
                "src/MSBuild/CaffeActors.MSBuild.csproj"],
            Repository.Files("src", "*.csproj"));

    // "Akka" stands for Akka.Remote and the like too; our own assemblies only for themselves.
    private static bool IsOrBelongsTo(string reference, string name) =>
        reference == name || (!name.StartsWith("CaffeActors") && reference.StartsWith(name + "."));
}
