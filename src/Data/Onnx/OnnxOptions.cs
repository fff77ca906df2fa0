namespace CaffeActors.Data.Onnx;

/// <summary>What an ONNX file is to be.</summary>
public sealed record OnnxOptions
{
    /// <summary>The oldest version of ONNX's operators that can be written.</summary>
    public const int OldestOpset = 13;

    /// <summary>The newest version of ONNX's operators that can be written.</summary>
    public const int NewestOpset = 21;

    /// <summary>Which version of ONNX's operators the file asks for, <see cref="OldestOpset"/> to
    /// <see cref="NewestOpset"/>. Default 17: every runtime of the last years reads it, and no layer needs a newer
    /// one.</summary>
    public int Opset { get; init; } = 17;

    /// <summary>Items of a batch: the length of axis 0 of every input. Default null: as the net says.</summary>
    public int? Batch { get; init; }

    /// <summary>Whether the length of axis 0 of every input is left open until the net runs. Default false.</summary>
    public bool DynamicBatch { get; init; }

    /// <summary>What is told of the net beside its name, by key; empty values are left out. Default: nothing.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Hears of layers that are left out of the file, one line each. Default: nobody hears.</summary>
    public Action<string> Notice { get; init; } = static _ => { };
}
