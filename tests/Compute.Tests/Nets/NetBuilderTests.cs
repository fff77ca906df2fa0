using CaffeActors.Compute.Backends.Cpu;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Layers;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>How a net is put together and what it tells.</summary>
public sealed class NetBuilderTests : NetTests
{
    [Theory]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"y\" top: \"z\" }", ErrorCodes.BadConnection, "'y'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"t\" }", ErrorCodes.BadConnection, "'in'")]
    [InlineData("layer { name: \"r\" type: \"Slice\" bottom: \"x\" top: \"y\" top: \"y\" }",
        ErrorCodes.BadConnection, "'r'")]
    [InlineData("layer { name: \"r\" type: \"Relu\" bottom: \"x\" top: \"y\" }", ErrorCodes.UnknownLayerType, "'ReLU'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"y\" param { } }", ErrorCodes.BlobCount, "'r'")]
    [InlineData("layer { name: \"r\" type: \"ReLU\" bottom: \"x\" bottom: \"t\" top: \"y\" }", ErrorCodes.BlobCount,
        "'r'")]
    public void WhatDoesNotFit_IsToldWithTheLayersPlace(string layer, string code, string says)
    {
        CaffeException failure = Refused(Input + "\n  " + layer);
        Assert.Equal(code, failure.Code);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.Equal(("net.prototxt", 2), (failure.Place?.Path, failure.Place?.Line));
    }

    [Fact]
    public void DebugInfo_TellsMeansOfAllBlobs()
    {
        using Net net = Build($"state {{ phase: TRAIN }} debug_info: true {Input} {Ip("ip", "x")} {Loss("ip")}");
        net.Blob("x").MutableData.Fill(1);
        Notices.Clear();
        net.Forward();
        net.Backward();
        Assert.Contains("    [Forward] Layer in, top blob x data: 1", Notices);
        Assert.Contains(Notices, line =>
            line.StartsWith("    [Forward] Layer ip, param blob 0 data: 0.", StringComparison.Ordinal));
        Assert.Contains(Notices, line =>
            line.StartsWith("    [Backward] Layer loss, bottom blob ip diff: ", StringComparison.Ordinal));
        Assert.Matches(@"All net params \(data, diff\): L1 norm = \(.+, .+\); L2 norm = \(.+, .+\)$", Notices[^1]);
    }

    [Fact]
    public void Summary_CountsParametersMemoryAndOperations()
    {
        using Net net = Build($$"""
            state { phase: TRAIN } {{Input}} {{Ip("ip", "x")}}
            layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" } {{Loss("ip")}}
            """);
        var summary = new NetSummary(net);
        Assert.Equal(8, summary.Parameters);
        Assert.Equal(4 * ((4 * 3) + 4 + (4 * 2) + 1), summary.ActivationBytes);
        Assert.Equal(2 * 4 * 3 * 2, summary.Rows[1].ForwardFlops);
        Assert.Equal(0, summary.Rows[2].ActivationBytes);
    }
}
