namespace CaffeActors.Compute.Layers;

/// <summary>Records of a train net that a replica takes in a row: of each <paramref name="Round"/> records that the
/// whole batch takes together, those from <paramref name="Offset"/> on.</summary>
/// <param name="Offset">Records of a round before its own, at least 0.</param>
/// <param name="Count">How many it takes, in as many passes as it likes; at least 1.</param>
/// <param name="Round">Records of a round, at least <paramref name="Offset"/> + <paramref name="Count"/>.</param>
public sealed record RecordRow(long Offset, long Count, long Round);
