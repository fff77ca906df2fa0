using CaffeActors.Analysis.Charts;

namespace CaffeActors.Analysis.Tests.Charts;

public sealed class CurveThinningTests
{
    [Fact]
    public void ShortCurve_StaysAsItIs()
    {
        MetricCurve curve = Curve([1, 2, 3]);
        Assert.Same(curve, CurveThinning.Thin(curve, 4));
    }

    [Fact]
    public void LongCurve_KeepsItsEndsAndItsExtremes()
    {
        double[] values = [.. Enumerable.Range(0, 10_000).Select(i => Math.Sin(i / 100.0))];
        (values[1234], values[7777]) = (50, -50);
        MetricCurve thin = CurveThinning.Thin(Curve(values), 200);
        Assert.InRange(thin.Values.Count, 100, 200);
        Assert.Equal((0, 9999), (thin.Steps[0], thin.Steps[^1]));
        Assert.Contains((1234, 50), thin.Steps.Zip(thin.Values));
        Assert.Contains((7777, -50), thin.Steps.Zip(thin.Values));
        Assert.Equal(thin.Steps.Order(), thin.Steps);
        Assert.All(thin.Steps.Zip(thin.Values), point => Assert.Equal(values[(int)point.First], point.Second));
        Assert.Equal(thin.Steps.Select(step => step / 2), thin.Seconds);
    }

    [Fact]
    public void Gap_StaysAGap()
    {
        double[] values = new double[1000];
        values[500] = double.NaN;
        Assert.Contains(CurveThinning.Thin(Curve(values), 20).Values, double.IsNaN);
    }

    private static MetricCurve Curve(double[] values) => new(
        [.. Enumerable.Range(0, values.Length).Select(i => (double)i)],
        [.. Enumerable.Range(0, values.Length).Select(i => i / 2.0)], values);
}
