using CaffeActors.Api.Building;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;
using CaffeActors.Data.PlugIns;

namespace CaffeActors.Api.Tests.Building;

public sealed class NetSpecTests
{
    [Fact]
    public void Net_IsTheOneWrittenByHand()
    {
        var n = new NetSpec("LeNet");
        (n["data"], n["label"]) = n.Data(p =>
        {
            p.Source = "train_lmdb";
            p.BatchSize = 64;
            p.Backend = DataParameter.Types.DB.Lmdb;
        }, layer => layer.TransformParam = new TransformationParameter { Scale = 0.5f });
        n["conv1"] = n.Convolution(n["data"], p =>
        {
            p.NumOutput = 20;
            p.KernelSize.Add(5);
        }, layer => layer.Param.Add(new ParamSpec { LrMult = 2 }));
        n["pool1"] = n.Pooling(n["conv1"], p => p.KernelSize = 2);
        n["relu1"] = n.ReLU(n["pool1"], inPlace: true);
        n["score"] = n.InnerProduct(n["relu1"], p => p.NumOutput = 10);
        n["loss"] = n.SoftmaxWithLoss([n["score"], n["label"]]);
        Assert.Equal(TextFormat.Parse<NetParameter>("""
            name: "LeNet"
            layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.5 }
              data_param { source: "train_lmdb" batch_size: 64 backend: LMDB } }
            layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 2 }
              convolution_param { num_output: 20 kernel_size: 5 } }
            layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { kernel_size: 2 } }
            layer { name: "relu1" type: "ReLU" bottom: "pool1" top: "pool1" }
            layer { name: "score" type: "InnerProduct" bottom: "pool1" top: "score"
              inner_product_param { num_output: 10 } }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }
            """), n.ToProto());
        Assert.Equal(n.ToProto(), TextFormat.Parse<NetParameter>(n.ToText()));
    }

    [Fact]
    public void UnnamedTops_AreNumberedByType()
    {
        var n = new NetSpec();
        SpecTop data = n.Input(1, 4);
        SpecTop hidden = n.TanH(n.InnerProduct(data, p => p.NumOutput = 3), inPlace: true);
        n["out"] = n.Eltwise([n.InnerProduct(hidden, p => p.NumOutput = 2), n.InnerProduct(hidden,
            p => p.NumOutput = 2)]);
        Assert.Equal(["Input1", "InnerProduct1", "TanH1", "InnerProduct2", "InnerProduct3", "out"],
            n.ToProto().Layer.Select(layer => layer.Name));
        using CaffeNet net = CaffeNet.Open(n.ToProto());
        Assert.Equal([1, 2], net.Forward(("Input1", ApiFixture.Wave(1, 4)))["out"].Shape.ToArray());
        Assert.Equal(6, NetSpec.ToProto(n["out"]).Layer.Count);
    }

    [Fact]
    public void ManyTops_AndNone()
    {
        var n = new NetSpec();
        n["data"] = n.Input(2, 6);
        (n["a"], n["b"], n["c"]) = n.Slice(n["data"], p => p.SlicePoint.AddRange([1u, 3u]), tops: 3);
        n.Silence([n["a"], n["c"]]);
        NetParameter net = n.ToProto();
        Assert.Equal(["data", "a", "Silence1"], net.Layer.Select(layer => layer.Name));
        Assert.Equal(["a", "b", "c"], net.Layer[1].Top);
        using CaffeNet opened = CaffeNet.Open(net);
        Assert.Equal(["b"], opened.Outputs);
    }

    [Fact]
    public void EveryTypeOfTheCatalogue_HasAMethod() => Assert.Empty(LayerPlugIns.BuiltIn.Types
        .Except(typeof(NetSpec).GetMethods().Select(method => method.Name))
        .Except(["Split", "LSTMUnit", "Axpy", "L1Loss", "SmoothL1Loss", "Normalize", "Permute"]));

    [Fact]
    public void AnyType_CanBeMade()
    {
        var n = new NetSpec();
        n["x"] = n.Layer("Mine", [n.Input(1)], layer => layer.PythonParam = new PythonParameter { ParamStr = "a" });
        Assert.Equal(("x", "Mine", "a"), (n.ToProto().Layer[1].Name, n.ToProto().Layer[1].Type,
            n.ToProto().Layer[1].PythonParam.ParamStr));
    }

    [Fact]
    public void DeepNets_AreWritten()
    {
        var n = new NetSpec();
        SpecTop top = n.Input(1);
        for (int i = 0; i < 20_000; i++)
            top = n.AbsVal(top, inPlace: true);
        n["end"] = top;
        Assert.Equal(20_001, n.ToProto().Layer.Count);
    }

    [Fact]
    public void Faults_AreTold()
    {
        var n = new NetSpec();
        n["data"] = n.Input(1);
        Assert.Contains("did you mean 'data'?", Assert.Throws<CaffeException>(() => n["dat"]).Message,
            StringComparison.Ordinal);
        n["same"] = n.AbsVal(n["data"], layer => layer.Name = "data");
        Assert.Throws<CaffeException>(() => n.ToProto());
    }
}
