using System.Text.Json.Serialization;

namespace CaffeActors.Data.Runs;

/// <summary>Where a run stands, as its manifest tells.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState
{
    /// <summary>Training, or ended without a chance to say so (killed, power cut).</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Trained to its last iteration.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,

    /// <summary>Stopped before its end, resumable.</summary>
    [JsonStringEnumMemberName("stopped")]
    Stopped,

    /// <summary>Ended by an error.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
