namespace CaffeActors.Data.Tests.Sources.Lmdb;

/// <summary>Databases from bytes that tests make or damage.</summary>
internal static class LmdbFolder
{
    /// <summary>Writes a database's file, the folder made around it.</summary>
    /// <returns>The folder.</returns>
    public static string Write(string folder, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "data.mdb"), bytes);
        return folder;
    }
}
