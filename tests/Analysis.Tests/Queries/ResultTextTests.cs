using CaffeActors.Analysis.Queries;

namespace CaffeActors.Analysis.Tests.Queries;

public sealed class ResultTextTests
{
    private const string Sql = """
        SELECT 1 AS a, 'x, "y"' AS "b,c", NULL AS d, 'nan'::DOUBLE AS e, 0.1::DOUBLE AS f,
          TIMESTAMPTZ '2026-11-22 21:22:21.309767+00' AS g, [1, 2] AS h, {'k': 'v'} AS i, true AS j, 12::HUGEINT AS k
        """;

    [Fact]
    public void Csv_QuotesWhereItMust() => Assert.Equal(
        "a,\"b,c\",d,e,f,g,h,i,j,k\n"
        + "1,\"x, \"\"y\"\"\",,NaN,0.1,2026-11-22T21:22:21.309767Z,\"[1,2]\",\"{\"\"k\"\":\"\"v\"\"}\",true,12\n",
        Text(Sql, ResultText.WriteCsv));

    [Fact]
    public void Json_HasAnObjectForEachRow() => Assert.Equal(
        "[\n  {\"a\": 1, \"b,c\": \"x, \\\"y\\\"\", \"d\": null, \"e\": \"NaN\", \"f\": 0.1, "
        + "\"g\": \"2026-11-22T21:22:21.309767Z\", \"h\": [1,2], \"i\": {\"k\":\"v\"}, \"j\": true, \"k\": 12}\n]\n",
        Text(Sql, ResultText.WriteJson));

    [Fact]
    public void Json_OfNoRows_IsAnEmptyArray() =>
        Assert.Equal("[]\n", Text("SELECT 1 WHERE false", ResultText.WriteJson));

    [Theory]
    [InlineData(0.123456789, "0.123457")]
    [InlineData(1.5e-7, "1.5E-07")]
    [InlineData(133218304.0, "133218304")]
    [InlineData(1e20, "1E+20")]
    [InlineData(double.NaN, "NaN")]
    [InlineData("text", "text")]
    [InlineData(12345678L, "12345678")]
    public void Short_IsForPeople(object value, string expected) => Assert.Equal(expected, CellText.Short(value));

    private static string Text(string sql, Action<QueryResult, TextWriter> write)
    {
        using MetricDatabase database = MetricDatabase.Open([]);
        using QueryResult result = database.Query(sql);
        using var writer = new StringWriter();
        write(result, writer);
        return writer.ToString();
    }
}
