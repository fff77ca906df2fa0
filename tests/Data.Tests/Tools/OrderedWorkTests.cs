using CaffeActors.Data.Tools;

namespace CaffeActors.Data.Tests.Tools;

public sealed class OrderedWorkTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Run_KeepsTheOrder_AndGivesEachThreadItsOwnWorker(int threads)
    {
        var results = new List<(int Item, object Worker)>();
        OrderedWork.Run(
            Enumerable.Range(0, 500), threads, () => new object(),
            (worker, item) =>
            {
                Thread.SpinWait(item % 7 * 1000);
                return (item, worker);
            },
            results.Add);
        Assert.Equal(Enumerable.Range(0, 500), results.Select(result => result.Item));
        Assert.InRange(
            results.Select(result => result.Worker).Distinct().Count(), 1,
            threads == 0 ? Environment.ProcessorCount : threads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_TellsAFailureInItsPlace(int threads)
    {
        var results = new List<int>();
        InvalidDataException failure = Assert.Throws<InvalidDataException>(() => OrderedWork.Run(
            Enumerable.Range(0, 100), threads, () => 0,
            (_, item) => item is 40 or 41 ? throw new InvalidDataException($"{item}") : item, results.Add));
        Assert.Equal("40", failure.Message);
        Assert.Equal(Enumerable.Range(0, 40), results);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_TellsFailuresOfItemsWorkersAndConsumers(int threads)
    {
        var results = new List<int>();
        Assert.Throws<InvalidDataException>(
            () => OrderedWork.Run(Items(), threads, () => 0, (_, item) => item, results.Add));
        Assert.Equal([1, 2], results);
        Assert.Throws<InvalidDataException>(() => OrderedWork.Run<int, int, int>(
            [1, 2], threads, () => throw new InvalidDataException(), (_, item) => item, _ => { }));
        Assert.Throws<InvalidDataException>(() => OrderedWork.Run(
            Enumerable.Range(0, 1000), threads, () => 0, (_, item) => item, _ => throw new InvalidDataException()));

        static IEnumerable<int> Items()
        {
            yield return 1;
            yield return 2;
            throw new InvalidDataException();
        }
    }

    [Fact]
    public void Run_TakesNoMoreItemsThanTheResultsThatMayWait()
    {
        int taken = 0, least = int.MaxValue;
        OrderedWork.Run(
            Enumerable.Range(0, 200).Select(item =>
            {
                Interlocked.Increment(ref taken);
                return item;
            }),
            2, () => 0, (_, item) => item, item => least = Math.Min(least, 200 - (Volatile.Read(ref taken) - item)));
        // At most eight results wait, and one is being consumed.
        Assert.InRange(least, 200 - 10, 200);
    }
}
