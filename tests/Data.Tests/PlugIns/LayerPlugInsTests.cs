using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.Nets;
using CaffeActors.Data.PlugIns;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.PlugIns;

public sealed class LayerPlugInsTests : IDisposable
{
    private static readonly SourcePlace _place = new("run.hocon", 3, 5);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static LayerCatalog Catalog(params string[] paths) =>
        LayerPlugIns.Catalog([.. paths.Select(path => new LibraryReference(path, _place))], static path => path);

    private static void AssertRefused(string code, string says, params string[] paths)
    {
        var failure = Assert.Throws<CaffeException>(() => Catalog(paths));
        Assert.Equal((code, FailureKind.Configuration, _place), (failure.Code, failure.Kind, failure.Place));
        Assert.Matches(says, failure.Message);
    }

    [Fact]
    public void Library_AddsItsTypes()
    {
        LayerCatalog catalog = Catalog(PluginSample.Path);
        Assert.Superset(new HashSet<string> { "Gain", "Waves", "Faulty", "ReLU", "Data", "Python" },
            catalog.Types.ToHashSet());
        using Layer layer = catalog.Create(new LayerParameter { Name = "g", Type = "Gain" });
        Assert.Equal("GainLayer", layer.GetType().Name);
        // What a user wrote for the CPU is not missed on an accelerator.
        Assert.True(layer.BelongsToHost);
        using Layer own = catalog.Create(new LayerParameter { Name = "r", Type = "ReLU" });
        Assert.False(own.BelongsToHost);
    }

    [Fact]
    public void BuiltIn_HasOnlyItsOwn() => Assert.DoesNotContain("Gain", LayerPlugIns.BuiltIn.Types);

    [Fact]
    public void Library_IsTheSameHoweverOftenItIsNamed()
    {
        string again = Path.Combine(
            Path.GetDirectoryName(PluginSample.Path)!, ".", Path.GetFileName(PluginSample.Path));
        Assert.Same(Catalog(PluginSample.Path).Find("Gain"), Catalog(PluginSample.Path, again).Find("Gain"));
    }

    [Fact]
    public void Name_IsLookedForInTheFoldersOfPathsAndTakenWithOrWithoutSuffix()
    {
        PathFinder finder = new PathFinder().In(Path.GetDirectoryName(PluginSample.Path)!);
        foreach (string name in (string[])["CaffeActors.PluginSample", "CaffeActors.PluginSample.dll"])
            Assert.NotNull(LayerPlugIns.Catalog([new LibraryReference(name)], finder.Resolve).Find("Gain"));
    }

    [Fact]
    public void Python_FindsLibrariesBesideTheNet()
    {
        LayerParameter parameter = TextFormat.Parse<LayerParameter>("""
            name: "g" type: "Python" python_param { module: "CaffeActors.PluginSample" layer: "GainLayer" }
            """, Path.Combine(Path.GetDirectoryName(PluginSample.Path)!, "net.prototxt"));
        using Layer layer = LayerPlugIns.BuiltIn.Create(parameter);
        Assert.Equal("GainLayer", layer.GetType().Name);
    }

    [Fact]
    public void Python_TellsOfAConstructorThatThrows()
    {
        LayerParameter parameter = TextFormat.Parse<LayerParameter>(
            $"name: \"f\" type: \"Python\" python_param {{ module: \"{PluginSample.Path}\" layer: \"FaultyLayer\" }}",
            "net.prototxt");
        var failure = Assert.Throws<CaffeException>(() => LayerPlugIns.BuiltIn.Create(parameter));
        Assert.Equal(ErrorCodes.BadLayerAssembly, failure.Code);
        Assert.Contains("nothing good comes of 'f'", failure.Message, StringComparison.Ordinal);
        Assert.Equal("net.prototxt", failure.Place?.Path);
    }

    [Fact]
    public void Python_PointsOutAScriptOfTheName()
    {
        _folder.Write("pyloss.py", "class Loss: pass");
        LayerParameter parameter = TextFormat.Parse<LayerParameter>(
            "name: \"f\" type: \"Python\" python_param { module: \"pyloss\" layer: \"Loss\" }",
            _folder.At("net.prototxt"));
        var failure = Assert.Throws<CaffeException>(() => LayerPlugIns.BuiltIn.Create(parameter));
        Assert.Contains("'pyloss.py' is there, but", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingLibrary() =>
        AssertRefused(ErrorCodes.FileNotFound, "no class library 'nowhere/mine.dll'", "nowhere/mine");

    [Fact]
    public void NoLibrary() =>
        AssertRefused(ErrorCodes.BadLayerAssembly, "no .NET class library", _folder.Write("text.dll", "no library"));

    [Fact]
    public void LibraryWithoutLayers() => AssertRefused(
        ErrorCodes.BadLayerAssembly, "holds no layers", Path.Combine(AppContext.BaseDirectory, "CsCheck.dll"));

    [Fact]
    public void TypeThatIsThereAlready()
    {
        string copy = _folder.At("Copy.dll");
        File.Copy(PluginSample.Path, copy);
        AssertRefused(ErrorCodes.BadLayerAssembly, "is called '(Gain|Waves|Faulty|Brittle)', as class .* is already",
            PluginSample.Path, copy);
    }

    [Theory]
    [InlineData(9, 0)]
    [InlineData(0, 99)]
    public void LibraryOfAnotherVersion(int major, int minor)
    {
        string path = _folder.At("Other.dll");
        File.WriteAllBytes(path, WithReference(File.ReadAllBytes(PluginSample.Path), major, minor));
        AssertRefused(ErrorCodes.BadLayerAssembly,
            $@"was built against CaffeActors\.Compute {major}\.{minor}\.0, this program has \d", path);
    }

    [Fact]
    public void OwnAssembly_NeedsNoLoading()
    {
        LayerCatalog catalog = LayerPlugIns.Catalog([], static path => path, [typeof(OwnLayer).Assembly]);
        Assert.Equal(typeof(OwnLayer), catalog.Find("Own"));
    }

    // The library as if it had been built against another version of Compute: its references' table changed.
    private static byte[] WithReference(byte[] image, int major, int minor)
    {
        using var file = new PEReader(new MemoryStream(image));
        MetadataReader reader = file.GetMetadataReader();
        AssemblyReferenceHandle handle = reader.AssemblyReferences.Single(handle =>
            reader.GetString(reader.GetAssemblyReference(handle).Name) == "CaffeActors.Compute");
        int row = MetadataTokens.GetRowNumber(handle) - 1;
        int at = file.PEHeaders.MetadataStartOffset + reader.GetTableMetadataOffset(TableIndex.AssemblyRef)
            + (row * reader.GetTableRowSize(TableIndex.AssemblyRef));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), (ushort)major);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at + 2), (ushort)minor);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at + 4), 0);
        return image;
    }
}
