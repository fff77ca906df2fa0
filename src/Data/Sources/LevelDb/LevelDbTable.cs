namespace CaffeActors.Data.Sources.LevelDb;

/// <summary>A table as the manifest knows it.</summary>
/// <param name="Number">The file's number.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="LeastKey">Its least internal key.</param>
/// <param name="GreatestKey">Its greatest internal key.</param>
internal sealed record LevelDbTable(long Number, long Size, byte[] LeastKey, byte[] GreatestKey);
