using System.IO.Compression;
using System.Xml.Linq;
using CaffeActors.Testing;

namespace CaffeActors.Packaging.Tests;

/// <summary>What the packages say of themselves and hold.</summary>
public sealed class PackageTests(PackedFeed feed)
{
    // Each project under src but the one of tasks, which is no library: its package, and its assembly.
    private static readonly (string Id, string Assembly)[] _rooms =
    [
        .. Directory.GetFiles(Repository.PathOf("src"), "CaffeActors.*.csproj", SearchOption.AllDirectories)
            .Select(project => Path.GetFileNameWithoutExtension(project)!)
            .Where(name => name != "CaffeActors.MSBuild")
            .Select(name => (name == "CaffeActors.Api" ? "CaffeActors" : name, name)),
    ];

    private static readonly string[] _platforms =
        ["linux-arm64", "linux-x64", "osx-arm64", "osx-x64", "win-arm64", "win-x64"];

    private static string ToolOfThisPlatform => $"CaffeActors.Tool.{PackedFeed.Platform}";

    [Fact]
    public void Packages_AreTheOnesThatAreMeant() =>
        Assert.Equal(
            _rooms.Select(room => room.Id)
                .Concat(["CaffeActors.MSBuild", "CaffeActors.Templates", "CaffeActors.Tool", ToolOfThisPlatform])
                .Select(id => feed.PathOf(id)).Order(StringComparer.Ordinal),
            Directory.GetFiles(feed.At("feed"), "*.nupkg").Order(StringComparer.Ordinal));

    [Fact]
    public async Task EachPackage_SaysWhatItIs_AndNamesNoFolderOfThisMachine()
    {
        foreach (string package in Directory.GetFiles(feed.At("feed"), "*.nupkg"))
        {
            await using ZipArchive archive = await OpenAsync(package);
            XElement metadata = XDocument.Parse(await TextAsync(
                Assert.Single(archive.Entries, entry => entry.FullName.EndsWith(".nuspec")))).Root!.Elements().Single();
            XNamespace space = metadata.Name.Namespace;
            Assert.Equal("Apache-2.0", metadata.Element(space + "license")!.Value);
            Assert.Equal("README.md", metadata.Element(space + "readme")!.Value);
            Assert.StartsWith("- ", metadata.Element(space + "releaseNotes")!.Value);
            Assert.All((string[])["description", "authors", "tags"],
                name => Assert.NotEmpty(metadata.Element(space + name)!.Value));
            Assert.Contains(archive.Entries, entry => entry.FullName == "README.md" && entry.Length > 0);
            foreach (ZipArchiveEntry entry in archive.Entries.Where(entry =>
                Path.GetExtension(entry.Name) is ".nuspec" or ".md" or ".json" or ".xml" or ".targets" or ".csproj"))
            {
                Assert.DoesNotContain(Path.TrimEndingDirectorySeparator(Repository.Root), await TextAsync(entry),
                    StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Libraries_HaveTheirDocumentationAndSymbols()
    {
        Assert.Contains(("CaffeActors", "CaffeActors.Api"), _rooms);
        foreach ((string id, string assembly) in _rooms)
        {
            Assert.Equal([$"lib/net10.0/{assembly}.dll", $"lib/net10.0/{assembly}.xml"],
                await NamesAsync(feed.PathOf(id), "lib/"));
            Assert.Equal([$"lib/net10.0/{assembly}.pdb"], await NamesAsync(feed.PathOf(id, "snupkg"), "lib/"));
        }
    }

    [Fact]
    public async Task Tool_IsAPackageForEachPlatform_WithItsNativeLibrariesAlone()
    {
        await using (ZipArchive pointer = await OpenAsync(feed.PathOf("CaffeActors.Tool")))
        {
            XDocument settings = XDocument.Parse(await TextAsync(
                Assert.Single(pointer.Entries, entry => entry.Name == "DotnetToolSettings.xml")));
            Assert.Equal(_platforms.Select(platform => (platform, $"CaffeActors.Tool.{platform}")),
                settings.Descendants("RuntimeIdentifierPackage")
                    .Select(item => (item.Attribute("RuntimeIdentifier")!.Value, item.Attribute("Id")!.Value)).Order());
            Assert.Equal("caffeactors", Assert.Single(settings.Descendants("Command")).Attribute("Name")!.Value);
        }

        string[] names = await NamesAsync(feed.PathOf(ToolOfThisPlatform), "tools/");
        Assert.All(names, name => Assert.StartsWith($"tools/net10.0/{PackedFeed.Platform}/", name));
        Assert.Contains(names, name => name.EndsWith("/CaffeActors.dll"));
        string[] natives = [.. names.Where(name => Path.GetExtension(name) is ".so" or ".dylib")];
        Assert.Equal(OperatingSystem.IsWindows() ? 0 : 3, natives.Length);
        Assert.Contains(await NamesAsync(feed.PathOf(ToolOfThisPlatform, "snupkg"), "tools/"),
            name => name.EndsWith("/CaffeActors.Compute.pdb"));
    }

    private static async Task<ZipArchive> OpenAsync(string package) =>
        await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken);

    private static async Task<string[]> NamesAsync(string package, string folder)
    {
        await using ZipArchive archive = await OpenAsync(package);
        return
        [
            .. archive.Entries.Select(entry => entry.FullName)
                .Where(name => name.StartsWith(folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        ];
    }

    private static async Task<string> TextAsync(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(await entry.OpenAsync(TestContext.Current.CancellationToken));
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
