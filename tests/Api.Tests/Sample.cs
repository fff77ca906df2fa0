using CaffeActors.Api.Building;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Tests;

/// <summary>The sample of docs/from-pycaffe.md; a test compares the two.</summary>
internal static class Sample
{
    public static (float Before, float After, float LeastSure) Run(string folder)
    {
        // sample begins
        // A net: ten values in, two classes out.
        var n = new NetSpec("sample");
        (n["data"], n["label"]) = n.DummyData(p =>
        {
            p.Shape.Add(new BlobShape { Dim = { 16, 10 } });
            p.Shape.Add(new BlobShape { Dim = { 16 } });
            p.DataFiller.Add(new FillerParameter { Type = "gaussian" });
            p.DataFiller.Add(new FillerParameter { Type = "constant", Value = 1 });
        }, tops: 2);
        n["hidden"] = n.InnerProduct(n["data"], p =>
        {
            p.NumOutput = 8;
            p.WeightFiller = new FillerParameter { Type = "xavier" };
        });
        n["relu"] = n.ReLU(n["hidden"], inPlace: true);
        n["score"] = n.InnerProduct(n["relu"], p =>
        {
            p.NumOutput = 2;
            p.WeightFiller = new FillerParameter { Type = "xavier" };
        });
        n["loss"] = n.SoftmaxWithLoss([n["score"], n["label"]]);
        File.WriteAllText(Path.Combine(folder, "net.prototxt"), n.ToText());
        File.WriteAllText(Path.Combine(folder, "solver.prototxt"),
            $"net: '{folder}/net.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_iter: 20 random_seed: 1");

        // Training, step by step.
        using CaffeSolver solver = CaffeSolver.Open(Path.Combine(folder, "solver.prototxt"));
        solver.Step(1);
        float before = solver.Loss;
        solver.Step(19);
        Console.WriteLine($"loss {before} -> {solver.Loss}, rate {solver.LearningRate}");
        solver.Net.Save(Path.Combine(folder, "net.caffemodel"));

        // Inference: the same layers with an input in the place of the data, on many threads at once.
        var deploy = new NetSpec("deploy");
        deploy["data"] = deploy.Input(1, 10);
        deploy["hidden"] = deploy.InnerProduct(deploy["data"], p => p.NumOutput = 8);
        deploy["relu"] = deploy.ReLU(deploy["hidden"], inPlace: true);
        deploy["score"] = deploy.InnerProduct(deploy["relu"], p => p.NumOutput = 2);
        deploy["prob"] = deploy.Softmax(deploy["score"]);
        using var pool = new NetPool(deploy.ToProto(), Path.Combine(folder, "net.caffemodel"));
        float[] sure = new float[100];
        Parallel.For(0, sure.Length, i =>
        {
            NdArray item = NdArray.Zeros(1, 10);
            item[0, i % 10] = 1;
            sure[i] = pool.Forward(("data", item))["prob"][0, 1];
        });
        Console.WriteLine($"least sure: {sure.Min()}");
        // sample ends
        return (before, solver.Loss, sure.Min());
    }
}
