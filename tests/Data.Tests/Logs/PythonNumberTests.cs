using System.Globalization;
using CaffeActors.Data.Logs;
using CsCheck;

namespace CaffeActors.Data.Tests.Logs;

public sealed class PythonNumberTests
{
    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(1000.0, "1000.0")]
    [InlineData(0.00992565, "0.00992565")]
    [InlineData(1e-4, "0.0001")]
    [InlineData(1e-5, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(123456789012345.6, "123456789012345.6")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(9007199254740993.0, "9007199254740992.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(12345678901234567890.0, "1.2345678901234567e+19")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(double.MaxValue, "1.7976931348623157e+308")]
    [InlineData(double.NaN, "nan")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void Repr_IsPythons(double value, string expected) => Assert.Equal(expected, PythonNumber.Repr(value));

    [Fact]
    public void Repr_ReadsBackTheSame() => Gen.Double.Where(double.IsFinite).Sample(value =>
        BitConverter.DoubleToInt64Bits(value)
        == BitConverter.DoubleToInt64Bits(double.Parse(PythonNumber.Repr(value), CultureInfo.InvariantCulture)));
}
