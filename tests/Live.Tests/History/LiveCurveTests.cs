using CaffeActors.Analysis.Charts;
using CaffeActors.Live.History;
using CsCheck;

namespace CaffeActors.Live.Tests.History;

public sealed class LiveCurveTests
{
    [Fact]
    public void LongCurve_StaysBounded_WithItsEndsAndItsPeak()
    {
        var curve = new LiveCurve("train", "loss", 0);
        for (int i = 0; i < 1_000_000; i++)
            curve.Add(i + 1, i, i, i == 333_333 ? 100 : i % 7);
        (MetricCurve points, bool whole) = curve.After(0);
        Assert.True(whole);
        Assert.InRange(points.Values.Count, LiveCurve.Most / 2, LiveCurve.Most);
        Assert.Equal((0, 999_999), (points.Steps[0], points.Steps[^1]));
        Assert.Equal(100, points.Values.Max());
        Assert.Equal(points.Steps.Order(), points.Steps);
    }

    // A page that asks now and then has what one has that asks at the end.
    [Fact]
    public void PartsPutTogether_AreTheWhole() =>
        Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 700], Gen.Int[1, 5]).Sample((count, every, repeats) =>
        {
            var curve = new LiveCurve("train", "loss", 0);
            List<double> steps = [];
            long seen = 0;
            for (int i = 0; i < count; i++)
            {
                // Now and then a step is measured again.
                curve.Add(i + 1, i / repeats, i, i);
                if (i % every > 0 && i < count - 1)
                    continue;
                (MetricCurve points, bool whole) = curve.After(seen);
                steps = whole ? [.. points.Steps] : [.. steps, .. points.Steps];
                seen = i + 1;
            }

            Assert.Equal(curve.After(0).Points.Steps, steps);
        }, iter: 200);

    [Fact]
    public void StepMeasuredAgain_Counts()
    {
        var curve = new LiveCurve("test0", "accuracy", 0);
        curve.Add(1, 0, 0, 0.1);
        curve.Add(2, 10, 1, 0.5);
        curve.Add(3, 10, 2, 0.6);
        (MetricCurve points, bool whole) = curve.After(2);
        Assert.True(whole);
        Assert.Equal([0.1, 0.6], points.Values);
    }
}
