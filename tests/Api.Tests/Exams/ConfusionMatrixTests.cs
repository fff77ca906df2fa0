using CaffeActors.Api.Exams;

namespace CaffeActors.Api.Tests.Exams;

public sealed class ConfusionMatrixTests
{
    [Fact]
    public void Counts_AddUp()
    {
        var matrix = new ConfusionMatrix(3);
        Assert.True(double.IsNaN(matrix.Accuracy));
        foreach ((int label, int guess) in ((int, int)[])[(0, 0), (0, 1), (0, 1), (2, 2), (2, 0)])
            matrix.Add(label, guess);
        Assert.Equal((5, 2, 3, 0, 2), (matrix.Total, matrix[0, 1], matrix.OfClass(0), matrix.OfClass(1),
            matrix.OfClass(2)));
        Assert.Equal(0.4, matrix.Accuracy);
        Assert.Equal([(0, 1, 2L), (2, 0, 1L)], matrix.CommonMistakes(9));
        Assert.Equal([(0, 1, 2L)], matrix.CommonMistakes(1));
    }
}
