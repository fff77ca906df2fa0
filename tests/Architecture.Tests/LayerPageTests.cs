using System.Text.RegularExpressions;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.PlugIns;
using Google.Protobuf.Reflection;

namespace CaffeActors.Architecture.Tests;

/// <summary>The page of each layer says what the schema says, and its example can be read. With
/// CAFFEACTORS_WRITE_DOCS=1 the pages' tables are brought up to date.</summary>
public sealed partial class LayerPageTests
{
    public static TheoryData<string> Pages =>
        [.. Repository.Files("docs/layers", "*.md").Where(page => Path.GetFileName(page) != "README.md")];

    private static string[] Read(string page) => File.ReadAllLines(Path.Combine(Repository.Root, page));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Tables_AreTheSchemas(string page)
    {
        string[] lines = Read(page);
        string[] corrected = [.. ParameterTable.Corrected(lines)];
        if (Environment.GetEnvironmentVariable("CAFFEACTORS_WRITE_DOCS") == "1")
            File.WriteAllText(Path.Combine(Repository.Root, page), string.Join('\n', corrected) + "\n");
        Assert.Equal(corrected, Read(page));
        Repository.AssertNone($"{page} says what each field means:", ParameterTable.WithoutMeaning(corrected));
    }

    [Fact]
    public void EachParameter_HasATable()
    {
        var told = Pages.ToDictionary(row => Path.GetFileNameWithoutExtension(row.Data),
            row => ParameterTable.Told(Read(row.Data)).ToArray());
        string[] parameters =
        [
            .. LayerParameter.Descriptor.Fields.InDeclarationOrder()
                .Where(field => field.FieldType == FieldType.Message && field.Name.EndsWith("_param"))
                .Select(field => field.Name),
        ];
        Assert.Contains("convolution_param", parameters);
        Repository.AssertNone("A layer's page has a table of each parameter:",
            parameters.Except(told.Values.SelectMany(names => names)));
        Repository.AssertNone("The page of the type X has the table of x_param:",
            from parameter in parameters
            from page in told
            where string.Equals(parameter.Replace("_param", "").Replace("_", ""), page.Key,
                StringComparison.OrdinalIgnoreCase) && !page.Value.Contains(parameter)
            select $"{page.Key}: {parameter}");
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Example_IsANetWithTheLayer(string page)
    {
        string[] examples =
            [.. ExampleForm().Matches(string.Join('\n', Read(page))).Select(match => match.Groups[1].Value)];
        LayerParameter[] layers =
            [.. examples.SelectMany(text => TextFormat.Parse<NetParameter>(text, page).Layer)];
        Assert.Contains(layers, layer => layer.Type == Path.GetFileNameWithoutExtension(page));
        Assert.All(layers, layer => Assert.Contains(layer.Type, LayerPlugIns.BuiltIn.Types));
    }

    [GeneratedRegex("```prototxt\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ExampleForm();
}
