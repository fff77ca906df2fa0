using System.Reflection;

namespace CaffeActors.Architecture.Tests;

/// <summary>Who may know whom: Cli → Api → Actors → Data → Compute, Cli → Analysis → Data, and Cli → Live → Actors and
/// Analysis; only Actors knows Akka, only Analysis DuckDB and ScottPlot, only Live a web server and
/// OpenTelemetry.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData(
        "CaffeActors.Compute",
        "CaffeActors.Data", "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors.Analysis", "CaffeActors.Live",
        "CaffeActors", "Akka", "NLog", "DuckDB", "ScottPlot", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData(
        "CaffeActors.Data",
        "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors.Analysis", "CaffeActors.Live", "CaffeActors", "Akka",
        "DuckDB", "ScottPlot", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData(
        "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors.Analysis", "CaffeActors.Live", "CaffeActors", "DuckDB",
        "ScottPlot", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData("CaffeActors.Api", "CaffeActors.Analysis", "CaffeActors.Live", "CaffeActors", "Akka", "DuckDB",
        "ScottPlot", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData("CaffeActors.Analysis", "CaffeActors.Actors", "CaffeActors.Api", "CaffeActors.Live", "CaffeActors",
        "Akka", "NLog", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData("CaffeActors.Live", "CaffeActors.Api", "CaffeActors", "Akka", "NLog", "DuckDB", "ScottPlot")]
    [InlineData("CaffeActors", "Akka", "DuckDB", "ScottPlot", "Microsoft.AspNetCore", "OpenTelemetry")]
    [InlineData("CaffeActors.MSBuild", "CaffeActors.Compute", "CaffeActors.Data", "CaffeActors.Actors",
        "CaffeActors.Api", "CaffeActors.Analysis", "CaffeActors.Live", "CaffeActors")]
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
            ["src/Actors/CaffeActors.Actors.csproj", "src/Analysis/CaffeActors.Analysis.csproj",
                "src/Api/CaffeActors.Api.csproj", "src/Compute/CaffeActors.Compute.csproj",
                "src/Data/CaffeActors.Data.csproj", "src/Live/CaffeActors.Live.csproj",
                "src/MSBuild/CaffeActors.MSBuild.csproj"],
            Repository.Files("src", "*.csproj"));

    // "Akka" stands for Akka.Remote and the like too; our own assemblies only for themselves.
    private static bool IsOrBelongsTo(string reference, string name) =>
        reference == name || (!name.StartsWith("CaffeActors") && reference.StartsWith(name + "."));
}
