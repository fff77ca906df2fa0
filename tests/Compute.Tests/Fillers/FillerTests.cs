using CaffeActors.Compute.Blobs;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Compute.Fillers;
using CaffeActors.Compute.Random;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Tests.Fillers;

public sealed class FillerTests
{
    [Fact]
    public void Names_AreCaffes() => Assert.Equal(
        ["bilinear", "constant", "gaussian", "msra", "positive_unitball", "uniform", "xavier"], Filler.Names);

    [Theory]
    [InlineData("gausian", "did you mean 'gaussian'?")]
    [InlineData("Xavier", "did you mean 'xavier'?")]
    [InlineData("orthogonal", "known: bilinear, constant")]
    public void UnknownName_IsAnsweredWithTheKnown(string type, string answer)
    {
        var failure = Assert.Throws<CaffeException>(() => Filler.Create(new FillerParameter { Type = type }));
        Assert.Equal(ErrorCodes.BadLayerParameter, failure.Code);
        Assert.Contains($"'{type}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(answer, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_IsForGaussianAlone()
    {
        foreach (string type in Filler.Names)
        {
            var parameter = new FillerParameter { Type = type, Sparse = 1 };
            if (type == "gaussian")
            {
                Assert.NotNull(Filler.Create(parameter));
                continue;
            }

            var failure = Assert.Throws<CaffeException>(() => Filler.Create(parameter));
            Assert.Contains("sparse", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EmptyBlob_IsRefused()
    {
        foreach (string type in Filler.Names)
        {
            using var blob = new Blob(3, 0);
            CaffeException failure = Assert.Throws<CaffeException>(
                () => Filler.Create(new FillerParameter { Type = type }).Fill(blob, default));
            Assert.Contains("3 0 (0)", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Draws_DecideTheValues()
    {
        foreach (string type in (string[])["uniform", "gaussian", "xavier", "msra", "positive_unitball"])
        {
            var parameter = new FillerParameter { Type = type };
            using Blob first = FillerRun.Fill(parameter, [50, 7]), again = FillerRun.Fill(parameter, [50, 7]);
            using Blob other = FillerRun.Fill(parameter, [50, 7], seed: 2);
            Assert.Equal(first.Data.ToArray(), again.Data.ToArray());
            Assert.Empty(first.Data.ToArray().Intersect(other.Data.ToArray()));
        }
    }

    // A value depends on its place, not on how many follow.
    [Fact]
    public void LongerBlob_BeginsLikeAShorterOne()
    {
        foreach (string type in (string[])["uniform", "gaussian"])
        {
            var parameter = new FillerParameter { Type = type };
            using Blob longer = FillerRun.Fill(parameter, [5000]);
            foreach (int length in (int[])[1, 2, 15, 17, 1024, 1039])
            {
                using Blob shorter = FillerRun.Fill(parameter, [length]);
                Assert.Equal(longer.Data[..length].ToArray(), shorter.Data.ToArray());
            }
        }
    }
}
