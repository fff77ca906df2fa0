using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;

namespace CaffeActors.Compute.Nets;

/// <summary>The lines of <c>debug_info</c>: mean absolute values of blobs, gradients and parameters.</summary>
internal static class NetDebug
{
    public static void TellForward(NetLayer layer, Net net, Action<string> notice)
    {
        for (int t = 0; t < layer.Top.Length; t++)
            notice($"    [Forward] Layer {layer.Name}, top blob {layer.TopNames[t]} data: "
                + $"{Mean(layer.Top[t].AsumData(), layer.Top[t])}");
        for (int i = 0; i < layer.Layer.Blobs.Count; i++)
        {
            Blob blob = layer.Layer.Blobs[i];
            string name = net.LearnableParams[layer.LearnableParamIds[i]].Name;
            notice($"    [Forward] Layer {layer.Name}, param blob {name[(name.IndexOf('/') + 1)..]} data: "
                + $"{Mean(blob.AsumData(), blob)}");
        }
    }

    public static void TellBackward(NetLayer layer, Action<string> notice)
    {
        for (int b = 0; b < layer.Bottom.Length; b++)
        {
            if (layer.BottomNeedBackward[b])
            {
                notice($"    [Backward] Layer {layer.Name}, bottom blob {layer.BottomNames[b]} diff: "
                    + Mean(layer.Bottom[b].AsumDiff(), layer.Bottom[b]));
            }
        }

        for (int i = 0; i < layer.Layer.Blobs.Count; i++)
        {
            if (layer.Layer.ParamPropagateDown[i])
                notice($"    [Backward] Layer {layer.Name}, param blob {i} diff: "
                    + $"{Mean(layer.Layer.Blobs[i].AsumDiff(), layer.Layer.Blobs[i])}");
        }
    }

    public static void TellTotals(Net net, Action<string> notice)
    {
        double asumData = 0, asumDiff = 0, squaresData = 0, squaresDiff = 0;
        foreach (Solvers.LearnableParam param in net.LearnableParams)
        {
            asumData += param.Blob.AsumData();
            asumDiff += param.Blob.AsumDiff();
            squaresData += param.Blob.SumSquaresData();
            squaresDiff += param.Blob.SumSquaresDiff();
        }

        notice($"    [Backward] All net params (data, diff): L1 norm = ({Number(asumData)}, {Number(asumDiff)}); "
            + $"L2 norm = ({Number(Math.Sqrt(squaresData))}, {Number(Math.Sqrt(squaresDiff))})");
    }

    private static string Mean(double sum, Blob blob) => Number(blob.Count == 0 ? 0 : sum / blob.Count);

    private static string Number(double value) => LogNumber.Format(value);
}
