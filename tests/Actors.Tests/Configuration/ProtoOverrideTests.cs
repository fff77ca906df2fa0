using CaffeActors.Actors.Configuration;
using CaffeActors.Actors.Configuration.Hocon;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Prototxt;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Actors.Tests.Configuration;

public sealed class ProtoOverrideTests
{
    private static HoconObject Hocon(string text) =>
        HoconDocument.ParseText(text, "run.hocon").Resolve(static _ => null);

    [Fact]
    public void Values_ReplaceMergeAndClear()
    {
        SolverParameter solver = TextFormat.Parse<SolverParameter>("""
            base_lr: 0.01 test_iter: 5 test_iter: 6 type: "SGD" solver_mode: GPU net_param { name: "n"
              force_backward: true }
            """);
        ProtoOverride.Apply(solver, Hocon("""
            base_lr = 1e-3, test_iter = [7], type = Adam, solver_mode = CPU, max_iter = 50, random_seed = -1
            test_initialization = off, net_param { debug_info = yes, force_backward = null }
            """));
        Assert.Equal(0.001f, solver.BaseLr);
        Assert.Equal([7], solver.TestIter);
        Assert.Equal("Adam", solver.Type);
        Assert.Equal(SolverParameter.Types.SolverMode.Cpu, solver.SolverMode);
        Assert.Equal((50, -1L, false), (solver.MaxIter, solver.RandomSeed, solver.TestInitialization));
        Assert.Equal("n", solver.NetParam.Name);
        Assert.True(solver.NetParam.DebugInfo);
        Assert.False(solver.NetParam.HasForceBackward);
    }

    [Fact]
    public void RepeatedMessages_AreReplaced()
    {
        LayerParameter layer = TextFormat.Parse<LayerParameter>("param { lr_mult: 1 } param { lr_mult: 2 }");
        ProtoOverride.Apply(layer,
            Hocon("param = [{ lr_mult = 0 }], convolution_param { kernel_size = [3, 5], num_output = 4 }"));
        Assert.Equal(0, Assert.Single(layer.Param).LrMult);
        Assert.Equal([3u, 5u], layer.ConvolutionParam.KernelSize);
    }

    [Theory]
    [InlineData("bas_lr = 1", ErrorCodes.UnknownField, "base_lr")]
    [InlineData("base_lr = fast", ErrorCodes.BadFieldValue, "a number")]
    [InlineData("max_iter = 3000000000", ErrorCodes.BadFieldValue, "whole number")]
    [InlineData("base_lr = 1e300", ErrorCodes.BadFieldValue, "32-bit float")]
    [InlineData("solver_mode = 4294967296", ErrorCodes.BadFieldValue, "CPU, GPU")]
    [InlineData("solver_mode = TPU", ErrorCodes.BadFieldValue, "CPU, GPU")]
    [InlineData("net_param = 5", ErrorCodes.BadFieldValue, "NetParameter")]
    [InlineData("base_lr = [1]", ErrorCodes.BadFieldValue, "simple value")]
    public void WhatDoesNotFit_IsRefusedAtItsPlace(string text, string code, string says)
    {
        CaffeException failure =
            Assert.Throws<CaffeException>(() => ProtoOverride.Apply(new SolverParameter(), Hocon(text)));
        Assert.Equal(code, failure.Code);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.Equal("run.hocon", failure.Place?.Path);
        Assert.Equal(1, failure.Place?.Line);
    }
}
