using CaffeActors.Api.Exams;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Api.Tests.Exams;

/// <summary>Exams of a net that always says the same, over the fixture's data.</summary>
public sealed class ClassificationExamTests : IDisposable
{
    private readonly ApiFixture _files = new();

    public ClassificationExamTests() => _files.Solver();

    public void Dispose() => _files.Dispose();

    // The net takes every image for class 1: its scores are its biases.
    private CaffeNet Open(string judge)
    {
        CaffeNet net = CaffeNet.Open(_files.Write("exam.prototxt", $$"""
            layer { name: "data" type: "Data" top: "data" top: "label"
              data_param { source: "{{_files.At("db")}}" batch_size: 5 backend: LMDB } }
            layer { name: "ip" type: "InnerProduct" bottom: "data" top: "scores" inner_product_param { num_output: 4 } }
            {{judge}}
            """), Phase.Test, new CaffeNetOptions { Threads = 1 });
        ((float[])[0, 3, 1, 0]).CopyTo(net.Params["ip"][1].MutableData);
        return net;
    }

    [Theory]
    [InlineData("layer { name: 'judge' type: 'Accuracy' bottom: 'scores' bottom: 'label' top: 'accuracy' }")]
    [InlineData("layer { name: 'judge' type: 'SoftmaxWithLoss' bottom: 'scores' bottom: 'label' top: 'loss' }")]
    [InlineData("""
        layer { name: 'prob' type: 'Softmax' bottom: 'scores' top: 'prob' }
        layer { name: 'judge' type: 'Accuracy' bottom: 'prob' bottom: 'label' top: 'accuracy' }
        """)]
    public void Classifier_IsLookedAt(string judge)
    {
        using CaffeNet net = Open(judge);
        ClassificationExam exam = Assert.IsType<ClassificationExam>(ClassificationExam.Run(net, 4, 3));
        Assert.Equal((20L, 4), (exam.Confusion.Total, exam.Confusion.Classes));
        Assert.Equal(20, Enumerable.Range(0, 4).Sum(label => exam.Confusion[label, 1]));
        Assert.Equal(3, exam.Mistakes.Count);
        double chance = Math.Exp(3) / (2 + Math.Exp(3) + Math.Exp(1));
        Assert.All(exam.Mistakes, wrong =>
        {
            Assert.NotEqual(1, wrong.Label);
            Assert.Equal(1, wrong.Guess);
            Assert.Equal(chance, wrong.Score, 5);
            Assert.NotEmpty(wrong.Record);
            Assert.NotEmpty(wrong.Png);
        });
    }

    [Fact]
    public void NetThatClassifiesNothing_HasNoExam()
    {
        using CaffeNet net = Open("");
        Assert.Null(ClassificationExam.Run(net, 1, 1));
    }
}
