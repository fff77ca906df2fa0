using CaffeActors.Actors.Data;

namespace CaffeActors.Actors.Tests.Data;

/// <summary>A batch that does not come is told, ever more rarely.</summary>
public sealed class SlowWaitTests
{
    [Fact]
    public void LongWait_IsToldWhenItHasDoubled()
    {
        var wait = new SlowWait();
        Assert.Equal([10, 20, 40, 80],
            Enumerable.Range(1, 20).Select(look => look * 5).Where(seconds => IsDue(wait, seconds)));
        wait.End();
        Assert.False(IsDue(wait, 9));
        Assert.True(IsDue(wait, 100));
        Assert.False(IsDue(wait, 159));
        Assert.True(IsDue(wait, 160));
    }

    private static bool IsDue(SlowWait wait, int seconds) => wait.IsDue(TimeSpan.FromSeconds(seconds));
}
