namespace CaffeActors.Compute.Diagnostics;

/// <summary>The codes of <see cref="CaffeException"/>. A code keeps its meaning for ever; gaps are room.</summary>
public static class ErrorCodes
{
    /// <summary>A command line that cannot be understood.</summary>
    public const string Usage = "CFA1000";

    /// <summary>A run configuration (HOCON) that cannot be parsed.</summary>
    public const string HoconSyntax = "CFA1001";

    /// <summary>A key that no setting has.</summary>
    public const string UnknownKey = "CFA1002";

    /// <summary>A setting whose value is of the wrong type or out of range.</summary>
    public const string BadSetting = "CFA1003";

    /// <summary>A substitution or include that leads nowhere, or in a circle.</summary>
    public const string Unresolved = "CFA1004";

    /// <summary>A file that a configuration names is not there or cannot be read.</summary>
    public const string FileNotFound = "CFA1005";

    /// <summary>Text format that cannot be parsed.</summary>
    public const string TextFormatSyntax = "CFA1101";

    /// <summary>A field that the message does not have.</summary>
    public const string UnknownField = "CFA1102";

    /// <summary>A value that does not fit its field.</summary>
    public const string BadFieldValue = "CFA1103";

    /// <summary>A layer type that no assembly brings.</summary>
    public const string UnknownLayerType = "CFA1201";

    /// <summary>A parameter of a layer that is missing or out of range.</summary>
    public const string BadLayerParameter = "CFA1202";

    /// <summary>Shapes that do not go together.</summary>
    public const string ShapeMismatch = "CFA1203";

    /// <summary>Too many or too few bottoms, tops or params.</summary>
    public const string BlobCount = "CFA1204";

    /// <summary>Bottoms and tops that do not connect.</summary>
    public const string BadConnection = "CFA1205";

    /// <summary>Parameters that cannot be shared as asked.</summary>
    public const string BadSharing = "CFA1206";

    /// <summary>A net that cannot be built for another reason.</summary>
    public const string BadNet = "CFA1207";

    /// <summary>An assembly of layers that cannot be used.</summary>
    public const string BadLayerAssembly = "CFA1208";

    /// <summary>A solver setting that is missing or out of range.</summary>
    public const string BadSolver = "CFA1301";

    /// <summary>Weights that do not fit the net.</summary>
    public const string WeightMismatch = "CFA1401";

    /// <summary>A snapshot, weights file or solver state that is damaged or of another kind.</summary>
    public const string BadSnapshot = "CFA1402";

    /// <summary>Nothing valid to resume from.</summary>
    public const string NothingToResume = "CFA1403";

    /// <summary>A snapshot, log or metrics file that could not be written.</summary>
    public const string WriteFailed = "CFA1404";

    /// <summary>A data source that cannot be opened.</summary>
    public const string SourceUnreadable = "CFA1501";

    /// <summary>A record that is damaged.</summary>
    public const string BadRecord = "CFA1502";

    /// <summary>A label, or another index in the data, that the net has no class, item or row for.</summary>
    public const string LabelOutOfRange = "CFA1503";

    /// <summary>A read or a write that takes longer than it may.</summary>
    public const string TakesTooLong = "CFA1504";

    /// <summary>A NaN or an infinity where a number should be.</summary>
    public const string NotFinite = "CFA1601";

    /// <summary>A finished run that misses a threshold of its configuration.</summary>
    public const string Unaccepted = "CFA1602";

    /// <summary>A device that is missing or failed.</summary>
    public const string DeviceFailed = "CFA1701";

    /// <summary>Not enough memory.</summary>
    public const string OutOfMemory = "CFA1702";

    /// <summary>Too few nodes to train on, or the part of a cluster that may not go on.</summary>
    public const string ClusterLost = "CFA1703";

    /// <summary>A node that cannot be reached, or does not answer.</summary>
    public const string NoAnswer = "CFA1704";

    /// <summary>A run that is not there, or a part of an id that several runs have.</summary>
    public const string UnknownRun = "CFA1801";

    /// <summary>A metric that no run looked at has.</summary>
    public const string UnknownMetric = "CFA1802";

    /// <summary>A query that the database cannot carry out.</summary>
    public const string BadQuery = "CFA1803";

    /// <summary>A fault of the program's own.</summary>
    public const string Internal = "CFA1900";

    /// <summary>A net that is allowed, but can hardly be meant so: a warning.</summary>
    public const string DoubtfulNet = "CFA1209";

    /// <summary>A solver setting that is allowed, but can hardly be meant so: a warning.</summary>
    public const string DoubtfulSolver = "CFA1302";

    /// <summary>A net, or a part of it, that another program's format cannot express.</summary>
    public const string NotExportable = "CFA1210";

    /// <summary>An address or a port that cannot be listened on.</summary>
    public const string CannotListen = "CFA1006";
}
