using CaffeActors.Data.Tools;
using CaffeActors.Testing;

namespace CaffeActors.Data.Tests.Tools;

public sealed class MachineMemoryTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    private void Write(string path, string text)
    {
        string file = _root.At(path.Split('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private void WriteMachine(long swapKib = 0) => Write(
        "proc/meminfo", $"MemTotal:       16000000 kB\nMemFree:        1 kB\nSwapTotal:      {swapKib} kB\n");

    [Fact]
    public void Machine_HasItsMemoryAndSwap()
    {
        WriteMachine(swapKib: 1000);
        Assert.Equal(16001000L << 10, MachineMemory.Read(_root.At()));
    }

    [Theory]
    [InlineData("0::/\n", "max\n", null, 16000000L << 10)]
    [InlineData("0::/\n", "4096000000\n", null, 4096000000)]
    [InlineData("0::/jobs/one\n", "max\n", "2048000000\n", 2048000000)]
    [InlineData("0::/jobs/one\n", "1024000000\n", "2048000000\n", 1024000000)]
    [InlineData("", "", null, 16000000L << 10)]
    public void Group_LimitsIt(string groups, string top, string? own, long expected)
    {
        WriteMachine();
        Write("proc/self/cgroup", groups);
        Write("sys/fs/cgroup/memory.max", top);
        if (own is not null)
            Write("sys/fs/cgroup/jobs/one/memory.max", own);
        Assert.Equal(expected, MachineMemory.Read(_root.At()));
    }

    [Fact]
    public void OldGroup_LimitsIt()
    {
        WriteMachine();
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "512000000\n");
        Assert.Equal(512000000, MachineMemory.Read(_root.At()));
    }

    [Fact]
    public void SystemWithoutSuchFiles_IsAskedOtherwise() => Assert.True(MachineMemory.Read(_root.At()) > 1 << 20);

    [Fact]
    public void ThisMachine_HasSome() => Assert.InRange(MachineMemory.Bytes, 64L << 20, 1L << 50);
}
