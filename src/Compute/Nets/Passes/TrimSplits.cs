using CaffeActors.Compute.Layers.Common;

namespace CaffeActors.Compute.Nets.Passes;

/// <summary>
/// Finds splits of which not every reader gives a gradient (Accuracy, a branch that is not learned): the others' stay
/// zero and need not be added. A single one is handed on in the same memory, without a copy.
/// </summary>
internal static class TrimSplits
{
    /// <summary>The places.</summary>
    /// <param name="layers">The net's layers, set up.</param>
    public static IEnumerable<Rewrite> Find(IReadOnlyList<NetLayer> layers)
    {
        Dictionary<LayerLink, bool> givesGradient = [];
        foreach (NetLayer reader in layers)
        {
            for (int b = 0; b < reader.Bottom.Length; b++)
                givesGradient[reader.Producers[b]] = reader.NeedBackward && reader.BottomNeedBackward[b];
        }

        foreach (NetLayer layer in layers)
        {
            if (layer is not { Layer: SplitLayer split, NeedBackward: true } || !layer.BottomNeedBackward[0])
                continue;
            int[] tops = [.. Enumerable.Range(0, layer.Top.Length)];
            // A loss weight lies in the diff of the top that it is for; a top without a reader may get a user's.
            if (tops.Any(t => split.LossWeight(t) != 0 || !givesGradient.ContainsKey(new LayerLink(layer.Rank, t))))
                continue;
            int[] with = [.. tops.Where(t => givesGradient[new LayerLink(layer.Rank, t)])];
            if (with.Length > 0 && with.Length < tops.Length)
                yield return new Trimming(layer, split, with);
        }
    }

    private sealed class Trimming(NetLayer layer, SplitLayer split, int[] with) : Rewrite
    {
        private bool _isHandedOn;

        public override PassEffect Effect
        {
            get
            {
                long blob = (long)sizeof(float) * layer.Bottom[0].Count;
                long without = _isHandedOn ? 0 : with.Length + 1L;
                return new PassEffect(NetPasses.TrimSplits, layer.Name, [], 0,
                    (layer.Top.Length + 1 - without) * blob, 0);
            }
        }

        public override void Apply()
        {
            split.AddOnly(with);
            // The only reader's gradient may be kept in another form than the bottom's.
            if (_isHandedOn || with.Length > 1 || layer.Top[with[0]].DiffStorage != layer.Bottom[0].DiffStorage)
                return;
            split.HandOn(with[0]);
            _isHandedOn = true;
        }

        // The memory stays shared: to the sum it makes no difference.
        public override void Undo() => split.AddOnly(null);
    }
}
