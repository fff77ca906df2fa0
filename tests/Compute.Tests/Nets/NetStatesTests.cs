using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Nets;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Nets;

/// <summary>Which layers belong to a net in a state.</summary>
public sealed class NetStatesTests : NetTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("include { phase: TRAIN }", "", false)]
    [InlineData("include { phase: TRAIN } include { stage: \"a\" }", "stage: \"a\"", true)]
    [InlineData("include { stage: \"a\" stage: \"b\" }", "stage: \"a\"", false)]
    [InlineData("include { not_stage: \"a\" }", "stage: \"a\"", false)]
    [InlineData("include { min_level: 2 max_level: 4 }", "level: 3", true)]
    [InlineData("include { min_level: 2 }", "level: 1", false)]
    [InlineData("include { }", "", true)]
    [InlineData("exclude { phase: TEST }", "", false)]
    [InlineData("exclude { phase: TRAIN }", "", true)]
    public void Rules_DecideWhichLayersBelong(string rule, string state, bool kept)
    {
        using Net net = Build($"state {{ phase: TEST {state} }} {Input} {Ip("ip", "x", rule)}");
        Assert.Equal(kept, net.FindLayer("ip") is not null);
    }

    [Fact]
    public void IncludeAndExclude_AreRefusedTogether() => Assert.Equal(
        ErrorCodes.BadNet, Refused(Input + Ip("ip", "x", "include { phase: TEST } exclude { phase: TRAIN }")).Code);

    [Fact]
    public void Merge_LetsTheLaterStateWinAndAddsStages()
    {
        NetState merged = NetStates.Merge(
            Phase.Train,
            TextFormat.Parse<NetState>("phase: TEST level: 1 stage: \"a\""), null,
            TextFormat.Parse<NetState>("level: 2 stage: \"b\" stage: \"a\""));
        Assert.Equal((Phase.Test, 2), (merged.Phase, merged.Level));
        Assert.Equal(["a", "b", "a"], merged.Stage);
    }

    [Fact]
    public void Filter_LeavesItsInputAsItIsAndKeepsPlaces()
    {
        NetParameter net = TextFormat.Parse<NetParameter>(
            "state { phase: TRAIN }\n" + Ip("a", "x", "include { phase: TEST }") + "\n" + Ip("b", "x"), "file");
        NetParameter before = net.Clone();
        NetParameter filtered = NetStates.Filter(net, Notices.Add);
        Assert.Equal(before, net);
        Assert.Equal(["b"], filtered.Layer.Select(layer => layer.Name));
        Assert.Equal(3, SourcePlaces.Of(filtered.Layer[0])?.Line);
        Assert.Equal(["The net's phase TRAIN is not the TEST of a rule in layer a"], Notices);
    }

    [Fact]
    public void PhaseOfALayer_IsTheNets()
    {
        using Net net = Build($"state {{ phase: TRAIN }} {Input} {Ip("ip", "x")}");
        Assert.All(net.Layers, layer => Assert.Equal(Phase.Train, layer.Layer.Parameter.Phase));
        using Net unset = Build(Input);
        Assert.Equal((Phase.Test, true), (unset.Phase, unset.Parameter.State.HasPhase));
    }
}
